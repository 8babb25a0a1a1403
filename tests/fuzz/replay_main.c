/* Stands in for libFuzzer: gives each file of the named folders to the target once, in memory of
 * its own size. Fails when a folder cannot be read or is empty. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
replay_file(const char *path)
{
    uint8_t *data = NULL;
    long size;
    int st = -1;
    FILE *f = fopen(path, "rb");

    if (f == NULL)
        return -1;
    if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0) {
        data = malloc(size > 0 ? (size_t)size : 1);
        if (data != NULL && fread(data, 1, (size_t)size, f) == (size_t)size)
            st = LLVMFuzzerTestOneInput(data, (size_t)size);
    }
    free(data);
    fclose(f);
    return st;
}

static long
replay_folder(const char *folder)
{
    char path[4096];
    struct dirent *e;
    long count = 0;
    DIR *d = opendir(folder);

    while (d != NULL && (e = readdir(d)) != NULL) {
        if (e->d_name[0] == '.')
            continue;
        if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, e->d_name) >= sizeof path ||
            replay_file(path) != 0) {
            fprintf(stderr, "%s: cannot be replayed\n", path);
            closedir(d);
            return 0;
        }
        count++;
    }
    if (d != NULL)
        closedir(d);
    return count;
}

int
main(int argc, char **argv)
{
    int st = argc < 2;

    for (int i = 1; i < argc; i++) {
        long count = replay_folder(argv[i]);

        printf("%s: %ld inputs\n", argv[i], count);
        if (count == 0)
            st = 1;
    }
    return st;
}
