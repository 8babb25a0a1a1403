/* RFC 3339 at fixed positions: digits are read eight at a time, and one flag tells at the end
 * whether every byte was what its place demands. The calendar counts in years that begin in
 * March, so that the leap day is the last of its year. */
#include "proto/timestamp.h"

#include <assert.h>
#include <endian.h>

#define DAYS_PER_ERA  146097 /* 400 years. */
#define DAYS_TO_1970  719468 /* From 0000-03-01. */
#define TEXT_SIZE_MIN 20     /* 2026-03-01T00:15:00Z */
/* "0000-00-" and "00:00:00", first byte lowest, and what read_form adds to their bytes. */
#define FORM_DATE     UINT64_C(0x2d30302d30303030)
#define REACH_DATE    UINT64_C(0x7f76767f76767676)
#define FORM_TIME     UINT64_C(0x30303a30303a3030)
#define REACH_TIME    UINT64_C(0x76767f76767f7676)
#define MS_PER_MINUTE 60000
#define MS_PER_HOUR   3600000

static int64_t
floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t
floor_rest(int64_t a, int64_t b)
{
    return a % b + (a % b < 0 ? b : 0);
}

/* Days before the month in a year that begins in March: 31, 30, 31, 30, 31 days repeat. */
static unsigned
days_before_month(unsigned months_since_march)
{
    return (153 * months_since_march + 2) / 5;
}

/* Days since 0000-03-01, for years from 1. */
static inline uint32_t
days_since_year_0(uint32_t year, unsigned month, unsigned day)
{
    uint32_t y = year - (month < 3);

    return y * 365 + y / 4 - y / 100 + y / 400 +
           days_before_month(month < 3 ? month + 9 : month - 3) + day - 1;
}

int64_t
days_from_civil(int32_t year, unsigned month, unsigned day)
{
    int64_t era = floor_div((int64_t)year - 1, 400);
    uint32_t of_era = (uint32_t)(year - era * 400); /* 1..400 */

    assert(month >= 1 && month <= 12);
    return era * DAYS_PER_ERA + days_since_year_0(of_era, month, day) - DAYS_TO_1970;
}

struct civil_date
civil_from_days(int64_t days)
{
    int64_t since = days + DAYS_TO_1970;
    int64_t era = floor_div(since, DAYS_PER_ERA);
    unsigned rest = (unsigned)(since - era * DAYS_PER_ERA);
    /* Every 4th year has one day more, but not every 100th; the last day of the era belongs to its
     * last year. */
    unsigned year = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
    unsigned month;

    rest -= year * 365 + year / 4 - year / 100;
    month = (5 * rest + 2) / 153;
    return (struct civil_date){
        .year = (int32_t)(era * 400 + year + (month >= 10)),
        .month = (uint8_t)(month < 10 ? month + 3 : month - 9),
        .day = (uint8_t)(rest - days_before_month(month) + 1),
    };
}

int64_t
timestamp_from_civil(int32_t year, unsigned month, unsigned day)
{
    return days_from_civil(year, month, day) * TIMESTAMP_MS_PER_DAY;
}

unsigned
days_in_month(int32_t year, unsigned month)
{
    static const uint8_t days[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    assert(month >= 1 && month <= 12);
    return days[month] + (month == 2 && leap);
}

/* Two digits; anything else sets *bad. */
static inline unsigned
two_digits(const uint8_t *p, unsigned *bad)
{
    unsigned tens = (unsigned)p[0] - '0';
    unsigned ones = (unsigned)p[1] - '0';

    *bad |= (tens > 9) | (ones > 9);
    return tens * 10 + ones;
}

/* ".digits" if there: the ms of it, and *p behind it. */
static unsigned
take_fraction(const uint8_t **p, const uint8_t *end, unsigned *bad)
{
    const uint8_t *at = *p;
    unsigned ms = 0;
    unsigned place = 100;

    if (at == end || *at != '.')
        return 0;
    at++;
    *bad |= at == end || (unsigned)*at - '0' > 9;
    for (; at < end && (unsigned)*at - '0' <= 9; at++, place /= 10)
        ms += place * ((unsigned)*at - '0');
    *p = at;
    return ms;
}

/* "Z" or "+hh:mm", up to the end. */
static int64_t
take_offset(const uint8_t *p, const uint8_t *end, unsigned *bad)
{
    unsigned hours;
    unsigned minutes;
    int64_t ms;

    if (end - p == 1 && (*p | 0x20) == 'z')
        return 0;
    if (end - p != 6 || (*p != '+' && *p != '-')) {
        *bad = 1;
        return 0;
    }
    hours = two_digits(p + 1, bad);
    minutes = two_digits(p + 4, bad);
    *bad |= (p[3] != ':') | (hours > 23) | (minutes > 59);
    ms = (int64_t)hours * MS_PER_HOUR + (int64_t)minutes * MS_PER_MINUTE;
    return *p == '-' ? -ms : ms;
}

/* The eight bytes at p against a form of digits ('0') and marks (anything else), all at once. Byte
 * n of the result is 10 * digit n + digit n + 1; digits and marks that do not fit set *bad. */
static inline uint64_t
read_form(const uint8_t *p, uint64_t form, uint64_t reach, unsigned *bad)
{
    uint64_t w;

    memcpy(&w, p, sizeof w);
    w = htole64(w) ^ form;
    /* reach takes a wrong byte to 0x80: a digit from 10, a mark from 1. What is there already may
     * spill over, but is seen as well. */
    *bad |= (((w + reach) | w) & UINT64_C(0x8080808080808080)) != 0;
    return w * 10 + (w >> 8);
}

static inline unsigned
byte_of(uint64_t w, unsigned n)
{
    return (unsigned)(w >> (8 * n)) & 0xff;
}

enum status
timestamp_parse_rfc3339(struct span text, int64_t *ms)
{
    const uint8_t *t = text.at;
    const uint8_t *p;
    unsigned bad = 0;
    unsigned year, month, day, hour, minute, second, fraction;
    uint64_t date, time;
    int64_t offset;

    *ms = 0;
    if (text.size < TEXT_SIZE_MIN)
        return ST_BAD_TIME;
    date = read_form(t, FORM_DATE, REACH_DATE, &bad);
    time = read_form(t + 11, FORM_TIME, REACH_TIME, &bad);
    year = byte_of(date, 0) * 100 + byte_of(date, 2);
    month = byte_of(date, 5);
    day = two_digits(t + 8, &bad);
    hour = byte_of(time, 0);
    minute = byte_of(time, 3);
    second = byte_of(time, 6);
    bad |= ((t[10] | 0x20) != 't') & (t[10] != ' ');
    bad |= (hour > 23) | (minute > 59) | (second > 60);
    bad |= (year < 1) | (month < 1) | (month > 12) | (day < 1);
    if (bad || (day > 28 && day > days_in_month((int32_t)year, month)))
        return ST_BAD_TIME;
    p = t + TEXT_SIZE_MIN - 1;
    fraction = take_fraction(&p, t + text.size, &bad);
    offset = take_offset(p, t + text.size, &bad);
    if (bad)
        return ST_BAD_TIME;
    *ms = ((int64_t)days_since_year_0(year, month, day) - DAYS_TO_1970) * TIMESTAMP_MS_PER_DAY -
          offset + (int64_t)hour * MS_PER_HOUR + (int64_t)minute * MS_PER_MINUTE +
          (int64_t)second * 1000 + fraction;
    return ST_OK;
}

/* Writes n with at least width digits; returns the place behind them. */
static char *
put_number(char *p, uint32_t n, unsigned width)
{
    char digits[10];
    unsigned count = 0;

    do
        digits[count++] = (char)('0' + n % 10);
    while ((n /= 10) > 0 || count < width);
    while (count > 0)
        *p++ = digits[--count];
    return p;
}

static char *
put_part(char *p, char before, uint32_t n, unsigned width)
{
    *p++ = before;
    return put_number(p, n, width);
}

size_t
timestamp_format_rfc3339(int64_t ms, int32_t offset_ms, char out[40])
{
    int32_t minutes = offset_ms / MS_PER_MINUTE;
    uint32_t away = (uint32_t)(minutes < 0 ? -minutes : minutes);
    int64_t days = floor_div(ms, TIMESTAMP_MS_PER_DAY);
    int64_t rest = floor_rest(ms, TIMESTAMP_MS_PER_DAY) + (int64_t)minutes * MS_PER_MINUTE;
    struct civil_date date;
    uint32_t of_day;
    char *p = out;

    assert(away < 24 * 60);
    days += floor_div(rest, TIMESTAMP_MS_PER_DAY);
    of_day = (uint32_t)floor_rest(rest, TIMESTAMP_MS_PER_DAY);
    date = civil_from_days(days);
    if (date.year < 0)
        *p++ = '-';
    p = put_number(p, (uint32_t)(date.year < 0 ? -date.year : date.year), 4);
    p = put_part(p, '-', date.month, 2);
    p = put_part(p, '-', date.day, 2);
    p = put_part(p, 'T', of_day / MS_PER_HOUR, 2);
    p = put_part(p, ':', of_day / MS_PER_MINUTE % 60, 2);
    p = put_part(p, ':', of_day / 1000 % 60, 2);
    if (of_day % 1000 != 0)
        p = put_part(p, '.', of_day % 1000, 3);
    if (away == 0) {
        *p++ = 'Z';
    } else {
        p = put_part(p, minutes < 0 ? '-' : '+', away / 60, 2);
        p = put_part(p, ':', away % 60, 2);
    }
    assert(p - out < 40);
    *p = '\0';
    return (size_t)(p - out);
}
