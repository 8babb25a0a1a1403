/* What a failure means for whoever must decide: is the connection lost, did the server refuse for
 * now, are we fenced, or did we send nonsense? And how long to wait before trying again. */
#include <string.h>
#include <sys/random.h>

#include "server/base/now.h"
#include "server/store/db.h"

#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 5000

enum db_class
db_class_of(const char *sqlstate)
{
    static const char *const lost[] = {"57P01", "57P02", "57P03", "57P05", "25006", "25P03"};
    static const char *const refused[] = {"42501", "42P01", "42P07", "3F000"};

    if (strlen(sqlstate) != 5 || strncmp(sqlstate, "08", 2) == 0)
        return DB_LOST;
    if (strcmp(sqlstate, "MD001") == 0)
        return DB_FENCED;
    for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++)
        if (strcmp(sqlstate, lost[i]) == 0)
            return DB_LOST;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (strcmp(sqlstate, refused[i]) == 0)
            return DB_RETRY;
    if (strncmp(sqlstate, "21", 2) == 0 || strncmp(sqlstate, "22", 2) == 0 ||
        strncmp(sqlstate, "23", 2) == 0 || strncmp(sqlstate, "42", 2) == 0)
        return DB_OURS;
    return DB_RETRY;
}

int64_t
db_backoff_ms(uint32_t attempt)
{
    int64_t full = attempt >= 6 ? BACKOFF_MAX_MS : (int64_t)BACKOFF_MIN_MS << attempt;
    uint32_t dice = 0;

    if (getrandom(&dice, sizeof dice, GRND_NONBLOCK) != (ssize_t)sizeof dice)
        dice = (uint32_t)now_mono_us();
    return full / 2 + (int64_t)(dice % (uint32_t)(full / 2 + 1));
}
