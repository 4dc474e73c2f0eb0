#ifndef GATE_WEIGH_CLASSES_H
#define GATE_WEIGH_CLASSES_H

struct err;
struct plan_request;
struct weigh;
struct weigh_result;

/*
 * weigh_run() of tests that need machines of different classes (`needs=`): a
 * weighing each, one after the other, and one result. Tests that no machine of
 * the pool is for are unweighed, with the reason.
 */
int weigh_classes(const struct weigh *weigh, const struct plan_request *request,
		  struct weigh_result *result, struct err *err);

#endif
