/* How the benches measure: two ways to do one thing take turns, so that what disturbs the machine
 * disturbs both, and each is told by the median of its turns. The unit is microseconds of this thread's
 * CPU time.
 *
 * A figure is a line of text, fields apart by tabs: name, chain, ours, theirs, opponent, unit, goal.
 * The goal is "<=R", ours is at most R of theirs, or ">=R", theirs is at least R times ours; "-" is none. */
#ifndef MEASURE_H
#define MEASURE_H

/* One turn: does the thing, and gives up the program when it does not come out as it must. */
typedef void step(void *what);

/* Who measures whom, and what is asked of the result. A turn is the average of so many times. */
struct figure {
    const char *name, *chain, *opponent, *goal;
    step *ours, *theirs;
    void *what;
    int turns, times;
};

/* Ends the program where something did not come out as it must. Both arguments are worked out beforehand, in any
 * order: the error text of a handle whose call is the first argument comes from an if, with must(0, text). */
void must(int good, const char *what);

/* The median of count turns of one run each, after one that does not count. */
double median_of(step *run, void *what, int count);

/* Prints a figure. */
void tell(const char *name, const char *chain, double ours, double theirs, const char *opponent,
          const char *unit, const char *goal);

/* Measures and prints one. */
void compare(const struct figure *figure);

#endif
