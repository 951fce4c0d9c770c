/* Panics of panics.rs, in the first thread and in others at once. */
#include <pthread.h>
#include <stddef.h>

extern int caught(size_t number);

enum { THREADS = 8 };

static void *panicking(void *bad)
{
    if (caught(7) != 3)
        *(int *)bad = 1;
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    int bad[THREADS + 1] = {0}, any = 0, i;
    panicking(&bad[THREADS]);
    for (i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, panicking, &bad[i]) != 0)
            return 2;
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (i = 0; i <= THREADS; i++)
        any |= bad[i];
    return any;
}
