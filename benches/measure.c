#define _POSIX_C_SOURCE 200809L
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_TURNS = 400 };

static double cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

void must(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench: %s\n", what);
    exit(EXIT_FAILURE);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_size);
    return values[count / 2];
}

/* One turn of a step takes the average over times runs. */
static double turn(step *run, void *what, int times)
{
    double begin = cpu_us();
    int i;

    for (i = 0; i < times; i++)
        run(what);
    return (cpu_us() - begin) / times;
}

double median_of(step *run, void *what, int count)
{
    static double turns[MOST_TURNS];
    int i;

    must(count <= MOST_TURNS, "too many turns");
    run(what);
    for (i = 0; i < count; i++)
        turns[i] = turn(run, what, 1);
    return median(turns, count);
}

void tell(const char *name, const char *chain, double ours, double theirs, const char *opponent,
                 const char *unit, const char *goal)
{
    printf("%s\t%s\t%.4f\t%.4f\t%s\t%s\t%s\n", name, chain, ours, theirs, opponent, unit, goal);
    fflush(stdout);
}

void compare(const struct figure *figure)
{
    static double ours[MOST_TURNS], theirs[MOST_TURNS];
    int i;

    must(figure->turns <= MOST_TURNS, "too many turns");
    figure->ours(figure->what);
    figure->theirs(figure->what);
    for (i = 0; i < figure->turns; i++) {
        ours[i] = turn(figure->ours, figure->what, figure->times);
        theirs[i] = turn(figure->theirs, figure->what, figure->times);
    }
    tell(figure->name, figure->chain, median(ours, figure->turns), median(theirs, figure->turns),
         figure->opponent, "us", figure->goal);
}
