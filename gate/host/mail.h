#ifndef HOST_MAIL_H
#define HOST_MAIL_H

struct buf;
struct host_mail;

/* Append the message (RFC 5322, CRLF) of a mail whose sender and recipients
 * were looked at. Pure. */
void mail_compose(struct buf *buf, const struct host_mail *mail);

#endif
