#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/base/config.h"
#include "server/base/config_value.h"
#include "tests/unit/base/suite.h"

static struct config config;
static char faults[65536];
static char path[64];

/* Loads a file with this text; the faults, without the file's name, are in faults. */
static unsigned
load_bytes(const char *text, size_t size)
{
    char *report = NULL;
    size_t report_size = 0, prefix;
    FILE *f, *errors = open_memstream(&report, &report_size);
    unsigned count;
    int fd;

    strcpy(path, "/tmp/config_test.XXXXXX");
    fd = mkstemp(path);
    f = fdopen(fd, "w");
    ck_assert_uint_eq(fwrite(text, 1, size, f), size);
    fclose(f);
    count = config_load(path, &config, errors);
    fclose(errors);
    unlink(path);
    faults[0] = '\0';
    prefix = strlen(path);
    for (char *line = strtok(report, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        ck_assert_int_eq(strncmp(line, path, prefix), 0);
        strcat(strcat(faults, line + prefix), "\n");
    }
    free(report);
    return count;
}

static unsigned
load(const char *text)
{
    return load_bytes(text, strlen(text));
}

START_TEST(an_empty_file_gives_the_defaults_of_the_contract)
{
    char address[ADDRESS_TEXT_SIZE];

    ck_assert_uint_eq(load(""), 0);
    ck_assert_str_eq(config.node.state, "/var/lib/meterd");
    ck_assert_str_eq(address_text(&config.http.listen, address), "127.0.0.1:8080");
    ck_assert_uint_eq(config.http.body_max_bytes, 8 << 20);
    ck_assert_uint_eq(config.http.max_connections, 10000);
    ck_assert_str_eq(address_text(&config.mqtt.listen, address), "127.0.0.1:1883");
    ck_assert_uint_eq(config.mqtt.packet_max_bytes, 1 << 20);
    ck_assert_uint_eq(config.mqtt.max_connections, 20000);
    ck_assert_str_eq(address_text(&config.admin.listen, address), "127.0.0.1:9180");
    ck_assert_uint_eq(config.ingest.loops, 1);
    ck_assert_uint_eq(config.ingest.memory_bytes, 256 << 20);
    ck_assert_uint_eq(config.ingest.record_size_bytes, 32 << 10);
    ck_assert_uint_eq(config.ingest.record_age_ms, 2);
    ck_assert_str_eq(config.log.path, "/var/lib/meterd/log");
    ck_assert_uint_eq(config.log.keep_ms, 7ull * 86400000);
    ck_assert_uint_eq(config.log.size_bytes, 16ull << 30);
    ck_assert_str_eq(config.database.conninfo, "dbname=meterd");
    ck_assert_uint_eq(config.rollup.aggregators, 1);
    ck_assert_uint_eq(config.rollup.commit_interval_ms, 5000);
    ck_assert_uint_eq(config.rollup.flush_age_ms, 30 * 60000);
    ck_assert_uint_eq(config.rollup.memory_bytes, 1ull << 30);
    ck_assert_uint_eq(config.rollup.keep_ms, 435ull * 86400000);
}
END_TEST

START_TEST(a_file_may_indent_comment_and_leave_out)
{
    ck_assert_uint_eq(load("\xEF\xBB\xBF; first\r\n[node]\r\n"
                           "   role = all   ; of ingest | rollup | all\r\n"
                           "   state=/srv/state\r\n"
                           "\n# other\n  [http] ; door\n"
                           "\tlisten =\n"
                           "[database]\nconninfo = host=/run/pg dbname=x password=a;b\n"
                           "[log]\nkind = local\nbrokers = 10.0.0.1:9092\ntopic = t"), 0);
    ck_assert_str_eq(config.node.state, "/srv/state");
    ck_assert(!config.http.listen.is_on);
    ck_assert_str_eq(config.database.conninfo, "host=/run/pg dbname=x password=a;b");
}
END_TEST

START_TEST(all_faults_are_found_at_once_each_with_its_line)
{
    ck_assert_uint_eq(load("stray = 1\n"
                           "[node]\n"
                           "role = ingest\n"
                           "colour = red\n"
                           "[rollup]\n"
                           "commit_interval = 2min\n"
                           "flush_age = soon\n"
                           "memory = 12\n"
                           "keep\n"
                           "aggregators = 1\n"
                           "aggregators = 2\n"
                           "[moon]\n"
                           "phase = full\n"
                           "[http] listen = x\n"
                           "listen = localhost:80\n"
                           "[log]\n"
                           "kind = kafka\n"
                           "path =\n"
                           "[mqtt\n"), 14);
    ck_assert_str_eq(
        faults,
        ":1: key stray stands before any section, one of [node] [http] [mqtt] [admin] [ingest] "
        "[log] [database] [rollup] above it would be right\n"
        ":3: role = ingest is not in this version; role = all would be right\n"
        ":4: key colour of [node] is unknown, one of role state would be right\n"
        ":6: commit_interval = 2min is out of range, 100ms to 1min would be right\n"
        ":7: flush_age = soon is not a duration in ms s min h d, one such as 30min would be right\n"
        ":8: memory = 12 is not a size in B KiB MiB GiB, one such as 1GiB would be right\n"
        ":9: the line has no =, key = value would be right\n"
        ":11: aggregators is given again, only line 10 would be right\n"
        ":12: section [moon] is unknown, one of [node] [http] [mqtt] [admin] [ingest] [log] "
        "[database] [rollup] would be right\n"
        ":14: \"listen = x\" follows the section on its line, a line of its own would be right\n"
        ":15: listen = localhost:80 is not an address, HOST:PORT such as 127.0.0.1:8080 or "
        "[::1]:8080 with a numeric host, or nothing for off, would be right\n"
        ":17: kind = kafka is not in this version; kind = local would be right\n"
        ":18: path is empty, a path such as /var/lib/meterd/log would be right\n"
        ":19: [mqtt has no ], [section] would be right\n");
}
END_TEST

START_TEST(keys_of_later_versions_are_unknown)
{
    ck_assert_uint_eq(load("[http]\ntls_listen = 0.0.0.0:8443\n[mqtt]\nanonymous = g\n"
                           "[log]\nkafka.linger.ms = 1\n"), 3);
}
END_TEST

START_TEST(a_missing_file_is_one_line)
{
    char *report = NULL;
    size_t size;
    FILE *errors = open_memstream(&report, &size);

    ck_assert_uint_eq(config_load("/nonexistent/meterd.conf", &config, errors), 1);
    fclose(errors);
    ck_assert_str_eq(report, "/nonexistent/meterd.conf:0: the file cannot be read (No such file or "
                             "directory), --config FILE with a readable file would be right\n");
    free(report);
}
END_TEST

START_TEST(strange_files_are_faults_not_accidents)
{
    static char big[300000];
    char *report = NULL;
    size_t size;
    FILE *errors = open_memstream(&report, &size);

    ck_assert_uint_eq(config_load("/tmp", &config, errors), 1);
    fclose(errors);
    free(report);
    ck_assert_uint_eq(load_bytes("[node]\n\0state = /x\n", 19), 1);
    memset(big, 'x', sizeof(big));
    ck_assert_uint_eq(load_bytes(big, sizeof(big)), 1);
    ck_assert_uint_eq(load_bytes(big, 5000), 1);
    ck_assert_uint_eq(load("]\n=\n[]\n[[node]]\n= 5\n:\n"), 4);
    ck_assert_uint_eq(load("[node]\nstate = a\x1b[2Jb\nrole = \x1b[2J\n"), 1);
    ck_assert_ptr_null(strchr(faults, 0x1b));
}
END_TEST

START_TEST(memory_must_hold_two_messages_in_each_loop)
{
    ck_assert_uint_eq(load("[ingest]\nloops = 32\n"), 1);
    ck_assert_str_eq(faults, ":2: [ingest] memory = 256MiB is too little for two of the largest "
                             "messages in each loop, at least 512MiB would be right\n");
    ck_assert_uint_eq(load("[ingest]\nloops = 32\nmemory = 512MiB\n"), 0);
}
END_TEST

START_TEST(what_is_printed_is_read_back_to_the_same)
{
    static struct config before;
    char *text = NULL, *again = NULL;
    size_t size, again_size;
    FILE *f = open_memstream(&text, &size);

    ck_assert_uint_eq(load("[http]\nlisten =\nbody_max = 3000B\n[mqtt]\nlisten = [::1]:0\n"
                           "[rollup]\ncommit_interval = 150ms\nkeep = 100d\n[ingest]\n"
                           "record_age = 1000ms\n[database]\nconninfo =\n"), 0);
    before = config;
    config_print(f, &before);
    fclose(f);
    ck_assert_ptr_nonnull(strstr(text, "body_max = 3000B\n"));
    ck_assert_ptr_nonnull(strstr(text, "record_age = 1s\n"));
    ck_assert_uint_eq(load(text), 0);
    f = open_memstream(&again, &again_size);
    config_print(f, &config);
    fclose(f);
    ck_assert_str_eq(text, again);
    free(text);
    free(again);
}
END_TEST

START_TEST(the_command_lines_role_is_checked_alike)
{
    char *report = NULL;
    size_t size;
    FILE *errors = open_memstream(&report, &size);

    config_default(&config);
    ck_assert_uint_eq(config_set_role(&config, "all", errors), 0);
    ck_assert_uint_eq(config_set_role(&config, "rollup", errors), 1);
    fclose(errors);
    ck_assert_str_eq(report,
                     "--role:0: role = rollup is not in this version; role = all would be right\n");
    free(report);
}
END_TEST

START_TEST(numbers_need_their_unit_and_do_not_wrap)
{
    const char *bad[] = {"", "s", "5", "-5s", "+5s", "5 s", "5S", "5sec", "1.5s", "5m",
                         "99999999999999999999s", "9223372036854775807d"};
    uint64_t value = 0;
    char out[CONFIG_VALUE_TEXT_SIZE];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(config_parse_duration(bad[i], &value) == ST_MALFORMED, "%s", bad[i]);
    ck_assert_int_eq(config_parse_duration("9223372036854775807ms", &value), ST_OK);
    ck_assert_uint_eq(value, INT64_MAX);
    ck_assert_int_eq(config_parse_duration("0ms", &value), ST_OK);
    ck_assert_str_eq(config_duration_text(0, out), "0ms");
    ck_assert_str_eq(config_duration_text(90000, out), "90s");
    ck_assert_str_eq(config_duration_text(86400000, out), "1d");
    ck_assert_str_eq(config_size_text(1536, out), "1536B");
    ck_assert_int_eq(config_parse_size("16GiB", &value), ST_OK);
    ck_assert_uint_eq(value, 16ull << 30);
    ck_assert_int_eq(config_parse_size("16GB", &value), ST_MALFORMED);
}
END_TEST

SUITE("config", an_empty_file_gives_the_defaults_of_the_contract,
      a_file_may_indent_comment_and_leave_out, all_faults_are_found_at_once_each_with_its_line,
      keys_of_later_versions_are_unknown, a_missing_file_is_one_line,
      strange_files_are_faults_not_accidents, memory_must_hold_two_messages_in_each_loop,
      what_is_printed_is_read_back_to_the_same, the_command_lines_role_is_checked_alike,
      numbers_need_their_unit_and_do_not_wrap)
