#ifndef BASE_STOP_H
#define BASE_STOP_H

#include <stdbool.h>

/*
 * SIGINT and SIGTERM ask a program to end its stream properly.  A read that
 * waits is interrupted; loops ask stop_requested() between records.  Once
 * asked, a closed pipe is no failure: writing to one ends the program with exit
 * 0.
 */
void stop_on_signals(void);
bool stop_requested(void);

/* The terminal that goes away asks too, unless nohup(1) has it ignored. */
void stop_on_hangup(void);

/* Ask for the same, as a key of the live view does. */
void stop_ask(void);

/* The input was ended as asked; let what comes after it run to its end. */
void stop_forget(void);

#endif
