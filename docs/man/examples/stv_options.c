/* Every option with its type and its help. */
#include <starttls_verify.h>

#include <stdio.h>

int main(void)
{
    size_t i;

    for (i = 0; i < stv_option_count(); i++)
        printf("%s (%s): %s\n", stv_option_name(i), stv_option_type(i), stv_option_help(i));
    return i == 0;
}
