/* What the code "name.mismatch" means, and what to do about it. */
#include <starttls_verify.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
    size_t i;

    for (i = 0; i < stv_code_count(); i++)
        if (!strcmp(stv_code_name(i), "name.mismatch")) {
            printf("%s\n%s\n", stv_code_meaning(i), stv_code_hint(i));
            return 0;
        }
    return 1;
}
