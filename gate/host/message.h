#ifndef HOST_MESSAGE_H
#define HOST_MESSAGE_H

struct buf;
struct host_mail;

/* Append the message (RFC 5322, CRLF) of a mail whose sender and recipients
 * were looked at. Pure. */
void message_compose(struct buf *buf, const struct host_mail *mail);

#endif
