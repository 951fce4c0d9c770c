/* One verdict in a process of its own, which loads what it needs and ends: how dear is the first one to
 * those who begin anew each time?
 *
 *     fresh_ours DIRECTORY CHAIN */

#include "measure.h"
#include "ours.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    struct material material;

    must(argc == 3, "usage: fresh_ours DIRECTORY CHAIN");
    use_bundle_as_system(argv[1]);
    read_material(&material, argv[1], argv[2], "chain.pem");
    our_verdict(our_verifier(NULL), &material);
    return EXIT_SUCCESS;
}
