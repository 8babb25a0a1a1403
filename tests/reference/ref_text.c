/*
 * Decimals, times and durations, read in the plainest way. Written for the reference alone, so
 * that a mistake in the daemon's parsers shows as a difference.
 */

#include "tests/reference/ref_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX   30
#define EXPONENT_MAX 30

/* Digits with at most one point; counts those behind it. */
static bool
read_digits(const char **text, __int128 *number, int *behind)
{
    const char *p = *text;
    int digits = 0;
    bool point = false;

    *number = 0;
    *behind = 0;
    for (; isdigit((unsigned char)*p) || (*p == '.' && !point); p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        if (++digits > DIGITS_MAX)
            return false;
        *number = *number * 10 + (*p - '0');
        *behind += point;
    }
    if (digits == 0 || p[-1] == '.')
        return false;
    *text = p;
    return true;
}

static __int128
divide_half_to_even(__int128 number, __int128 by, bool *rounded)
{
    __int128 quotient = number / by, rest = number % by;

    *rounded = rest != 0;
    if (2 * rest > by || (2 * rest == by && quotient % 2 == 1))
        quotient++;
    return quotient;
}

bool
ref_parse_decimal(const char *text, int64_t *micro, bool *rounded)
{
    bool negative = *text == '-';
    const char *p = negative ? text + 1 : text;
    __int128 number, power = 1;
    int behind;
    int64_t exponent = 0;

    if (!isdigit((unsigned char)*p) || !read_digits(&p, &number, &behind))
        return false;
    if ((*p == 'e' || *p == 'E') && !ref_parse_integer(p + (p[1] == '+' ? 2 : 1), &exponent))
        return false;
    if (*p != '\0' && *p != 'e' && *p != 'E')
        return false;
    exponent += 6 - behind;
    if (exponent < -EXPONENT_MAX || exponent > EXPONENT_MAX)
        return false;
    for (int64_t i = 0; i < (exponent < 0 ? -exponent : exponent); i++)
        power *= 10;
    *rounded = false;
    if (exponent < 0)
        number = divide_half_to_even(number, power, rounded);
    else if (number > INT64_MAX / power)
        return false;
    else
        number *= power;
    if (number > INT64_MAX)
        return false;
    *micro = negative ? -(int64_t)number : (int64_t)number;
    return true;
}

bool
ref_parse_integer(const char *text, int64_t *value)
{
    char *end;

    if (!isdigit((unsigned char)*text) && *text != '-')
        return false;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

/* Days from 1970-01-01 to the first of a month, year by year. */
static int64_t
days_to(int64_t year, int64_t month)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    int64_t past = year - 1; /* Leap days up to the end of the year before. */
    int64_t leap_days = past / 4 - past / 100 + past / 400 - 477;

    return (year - 1970) * 365 + leap_days + before[month - 1] + (leap && month > 2 ? 1 : 0);
}

/* Exactly two digits at p. */
static bool
two_digits(const char *p, int *value)
{
    if (!isdigit((unsigned char)p[0]) || !isdigit((unsigned char)p[1]))
        return false;
    *value = (p[0] - '0') * 10 + (p[1] - '0');
    return true;
}

bool
ref_parse_offset(const char *text, int64_t *ms)
{
    int hours, minutes;

    if ((text[0] != '+' && text[0] != '-') || !two_digits(text + 1, &hours) || text[3] != ':' ||
        !two_digits(text + 4, &minutes) || text[6] != '\0')
        return false;
    *ms = (hours * 60 + minutes) * INT64_C(60000) * (text[0] == '-' ? -1 : 1);
    return true;
}

bool
ref_parse_time(const char *text, int64_t utc_offset_ms, int64_t *t)
{
    int century, year, month, day, hour, minute, second;
    int64_t fraction = 0, unit = 100, offset = 0;
    const char *p = text + 19;

    if (strlen(text) < 10 || !two_digits(text, &century) || !two_digits(text + 2, &year) ||
        !two_digits(text + 5, &month) || !two_digits(text + 8, &day) || month < 1 || month > 12)
        return false;
    *t = (days_to(century * 100 + year, month) + day - 1) * INT64_C(86400000);
    if (text[10] == '\0') {
        *t -= utc_offset_ms;
        return true;
    }
    if (strlen(text) < 20 || !two_digits(text + 11, &hour) || !two_digits(text + 14, &minute) ||
        !two_digits(text + 17, &second))
        return false;
    if (*p == '.') {
        for (p++; isdigit((unsigned char)*p); p++, unit /= 10)
            fraction += (*p - '0') * unit;
    }
    if (strcmp(p, "Z") != 0 && !ref_parse_offset(p, &offset))
        return false;
    *t += ((hour * 60 + minute) * 60 + second) * INT64_C(1000) + fraction - offset;
    return true;
}

bool
ref_parse_duration(const char *text, int64_t *ms, int *months)
{
    static const struct {
        const char *name;
        int64_t ms;
        int months;
    } units[] = {{"", 1, 0},        {"ms", 1, 0},       {"s", 1000, 0}, {"min", 60000, 0},
                 {"h", 3600000, 0}, {"d", 86400000, 0}, {"mon", 0, 1},  {"y", 0, 12}};
    char *end;
    int64_t number;

    if (!isdigit((unsigned char)*text))
        return false;
    number = strtoll(text, &end, 10);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(end, units[i].name) != 0)
            continue;
        *ms = number * units[i].ms;
        *months = (int)number * units[i].months;
        return true;
    }
    return false;
}

char *
ref_time_text(int64_t t, char *text, size_t size)
{
    int64_t day = t / 86400000 - (t % 86400000 < 0), ms = t - day * 86400000;
    int64_t year = 1970 + day / 366, month = 12; /* Never too late; then forward. */

    while (days_to(year + 1, 1) <= day)
        year++;
    while (day < days_to(year, 1))
        year--;
    while (days_to(year, month) > day)
        month--;
    snprintf(text, size, "%04d-%02d-%02dT%02d:%02d:%02d", (int)year, (int)month,
             (int)(day - days_to(year, month) + 1), (int)(ms / 3600000), (int)(ms / 60000 % 60),
             (int)(ms / 1000 % 60));
    if (ms % 1000 != 0)
        snprintf(text + strlen(text), size - strlen(text), ".%03d", (int)(ms % 1000));
    strncat(text, "Z", size - strlen(text) - 1);
    return text;
}
