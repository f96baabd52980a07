/* The C limit: the cost of a program that does only the conversion itself.
 *
 * Several processes take files from one counter.  Each file is read whole, its header is scanned
 * (explicit VR little endian, one frame, MONOCHROME, 16 bits allocated: only the corpora of
 * benchmarks/), and its pixels are mapped through one table in one pass, encoded and written.  There
 * are no checks, no journal and no atomic names: this is a lower bound for any program with them.
 *
 *     climit jpg|png window:CENTER,WIDTH|minmax PROCESSES IN_FOLDER OUT_FOLDER
 *
 * Gray levels follow PS3.3 C.11 exactly as in dcmconv (rounded half up, polarity before rounding,
 * padding black), so that PNG files can be compared pixel by pixel.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <jpeglib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef WITH_ISAL
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#elif defined(WITH_LIBDEFLATE)
#include <libdeflate.h>
#else
#include <zlib.h>
#endif

typedef struct {
    uint8_t *bytes;
    size_t size, room;
} Buffer;

typedef struct {
    int rows, columns, bits_stored, is_signed, is_monochrome1, has_padding, padding;
    double slope, intercept;
    const uint8_t *pixels;
} Image;

typedef struct {
    int is_png, is_minmax;
    double center, width;
} Wish;

static void fail(const char *what, const char *where)
{
    fprintf(stderr, "climit: %s: %s\n", where, what);
    exit(1);
}

static void make_room(Buffer *buffer, size_t size)
{
    if (size <= buffer->room)
        return;
    free(buffer->bytes);
    buffer->bytes = malloc(size);
    if (!buffer->bytes)
        fail("no memory", "malloc");
    buffer->room = size;
}

static void read_file(int folder, const char *name, Buffer *file)
{
    int descriptor = openat(folder, name, O_RDONLY);
    struct stat status;
    if (descriptor < 0 || fstat(descriptor, &status))
        fail("cannot be opened", name);
    make_room(file, status.st_size + 1);
    file->size = 0;
    ssize_t got;
    while ((got = read(descriptor, file->bytes + file->size, status.st_size - file->size)) > 0)
        file->size += got;
    close(descriptor);
}

static uint16_t u16(const uint8_t *at) { uint16_t v; memcpy(&v, at, 2); return v; }
static uint32_t u32(const uint8_t *at) { uint32_t v; memcpy(&v, at, 4); return v; }

static double number(const uint8_t *at, size_t length)
{
    char text[32] = {0};
    memcpy(text, at, length < 31 ? length : 31);
    return strtod(text, NULL);
}

static int is_long_vr(const uint8_t *vr)
{
    static const char *names[] = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "UC", "UN", "UR", "UT", "SV", "UV"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!memcmp(vr, names[i], 2))
            return 1;
    return 0;
}

/* Returns the position after the value of an element; values of undefined length are walked item by item. */
static size_t skip_undefined(const uint8_t *bytes, size_t at, size_t size)
{
    int depth = 1;
    while (depth && at + 8 <= size) {
        uint32_t tag = (uint32_t)u16(bytes + at) << 16 | u16(bytes + at + 2);
        if (tag == 0xFFFEE0DD) { depth--; at += 8; }
        else if (tag == 0xFFFEE000 || tag == 0xFFFEE00D) at += 8; /* into the item */
        else if (is_long_vr(bytes + at + 4)) {
            uint32_t length = u32(bytes + at + 8);
            at += 12;
            if (length == 0xFFFFFFFF) depth++; else at += length;
        } else at += 8 + u16(bytes + at + 6);
    }
    return at;
}

static void take(Image *image, uint32_t tag, const uint8_t *value, size_t length)
{
    switch (tag) {
    case 0x00280004: image->is_monochrome1 = length >= 11 && !memcmp(value, "MONOCHROME1", 11); break;
    case 0x00280010: image->rows = u16(value); break;
    case 0x00280011: image->columns = u16(value); break;
    case 0x00280101: image->bits_stored = u16(value); break;
    case 0x00280103: image->is_signed = u16(value); break;
    case 0x00280120: image->has_padding = 1; image->padding = u16(value); break;
    case 0x00281052: image->intercept = number(value, length); break;
    case 0x00281053: image->slope = number(value, length); break;
    case 0x7FE00010: image->pixels = value; break;
    }
}

static Image scan(const Buffer *file, const char *name)
{
    Image image = {.slope = 1};
    size_t at = 132;
    if (file->size < 132 || memcmp(file->bytes + 128, "DICM", 4))
        fail("not DICOM", name);
    while (at + 12 <= file->size && !image.pixels) {
        const uint8_t *element = file->bytes + at;
        uint32_t tag = (uint32_t)u16(element) << 16 | u16(element + 2);
        int is_long = is_long_vr(element + 4);
        uint32_t length = is_long ? u32(element + 8) : u16(element + 6);
        at += is_long ? 12 : 8;
        if (length == 0xFFFFFFFF) { at = skip_undefined(file->bytes, at, file->size); continue; }
        if (at + length > file->size)
            fail("truncated", name);
        take(&image, tag, file->bytes + at, length);
        at += length;
    }
    if (!image.pixels || image.pixels + 2L * image.rows * image.columns > file->bytes + file->size)
        fail("no pixels", name);
    return image;
}

static int stored_value(const Image *image, unsigned cell)
{
    return image->is_signed ? (int16_t)cell : (int)cell;
}

static void find_extremes(const Image *image, double *black, double *white)
{
    size_t count = (size_t)image->rows * image->columns;
    int low = 65536, high = -65536;
    if (image->is_signed) {
        const int16_t *values = (const int16_t *)image->pixels;
        int16_t padding = image->padding, least = 32767, most = -32768;
        int skips = image->has_padding;
        for (size_t i = 0; i < count; i++) { /* branchless, so that the compiler vectorizes it */
            int16_t v = values[i], out = skips & (v == padding);
            int16_t for_least = out ? 32767 : v, for_most = out ? -32768 : v;
            least = for_least < least ? for_least : least;
            most = for_most > most ? for_most : most;
        }
        low = least, high = most;
    } else {
        const uint16_t *values = (const uint16_t *)image->pixels;
        uint16_t padding = image->padding, least = 65535, most = 0;
        int skips = image->has_padding;
        for (size_t i = 0; i < count; i++) {
            uint16_t v = values[i];
            uint16_t out = skips & (v == padding);
            uint16_t for_least = out ? 65535 : v, for_most = out ? 0 : v;
            least = for_least < least ? for_least : least;
            most = for_most > most ? for_most : most;
        }
        low = least, high = most;
    }
    *black = low * image->slope + image->intercept;
    *white = high * image->slope + image->intercept;
}

/* The table is kept while nothing that it depends on changes; min-max covers only values that occur. */
static const uint8_t *table_for(const Image *image, const Wish *wish)
{
    static uint8_t table[65536];
    static double key[8] = {NAN};
    double black, white, first = 0, last = 65535;
    if (wish->is_minmax) {
        find_extremes(image, &black, &white);
        first = (black - image->intercept) / image->slope;
        last = (white - image->intercept) / image->slope;
    } else {
        black = wish->center - 0.5 - (wish->width - 1) / 2;
        white = wish->center - 0.5 + (wish->width - 1) / 2;
        if (image->is_signed) first = -32768, last = 32767;
        else last = (1 << image->bits_stored) - 1;
    }
    double wanted[8] = {black, white, image->slope, image->intercept, image->is_signed,
                        image->is_monochrome1, image->has_padding, image->padding};
    if (!memcmp(key, wanted, sizeof key))
        return table;
    memcpy(key, wanted, sizeof key);
    for (int value = (int)first; value <= (int)last; value++) {
        double modality = value * image->slope + image->intercept;
        double unit = white > black ? (modality - black) / (white - black) : modality > black;
        unit = unit < 0 ? 0 : unit > 1 ? 1 : unit;
        double scaled = unit * 255;
        if (image->is_monochrome1) scaled = 255 - scaled;
        table[(uint16_t)value] = (uint8_t)floor(scaled + 0.5);
    }
    if (image->has_padding)
        table[(uint16_t)image->padding] = 0;
    (void)stored_value;
    return table;
}

static void map(const Image *image, const uint8_t *table, uint8_t *gray)
{
    size_t count = (size_t)image->rows * image->columns;
    const uint16_t *cells = (const uint16_t *)image->pixels;
    uint16_t mask = image->is_signed ? 0xFFFF : (1 << image->bits_stored) - 1;
    for (size_t i = 0; i < count; i++)
        gray[i] = table[cells[i] & mask];
}

static void write_file(int folder, const char *name, const char *suffix, const uint8_t *bytes, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%.*s%s", (int)(strlen(name) - 4), name, suffix);
    int descriptor = openat(folder, path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (descriptor < 0 || write(descriptor, bytes, size) != (ssize_t)size)
        fail("cannot be written", path);
    close(descriptor);
}

static size_t encode_jpeg(const Image *image, uint8_t *gray, Buffer *out)
{
    static struct jpeg_compress_struct codec;
    static struct jpeg_error_mgr errors;
    static int is_ready;
    if (!is_ready) {
        codec.err = jpeg_std_error(&errors);
        jpeg_create_compress(&codec);
        is_ready = 1;
    }
    make_room(out, (size_t)image->rows * image->columns * 2 + 4096);
    unsigned long size = out->room;
    uint8_t *target = out->bytes;
    jpeg_mem_dest(&codec, &target, &size);
    codec.image_width = image->columns;
    codec.image_height = image->rows;
    codec.input_components = 1;
    codec.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&codec);
    jpeg_set_quality(&codec, 90, TRUE);
    jpeg_start_compress(&codec, TRUE);
    while (codec.next_scanline < codec.image_height) {
        JSAMPROW rows[16];
        int count = 0;
        for (; count < 16 && codec.next_scanline + count < codec.image_height; count++)
            rows[count] = gray + (size_t)(codec.next_scanline + count) * image->columns;
        jpeg_write_scanlines(&codec, rows, count);
    }
    jpeg_finish_compress(&codec);
    if (target != out->bytes)
        fail("JPEG larger than its pixels", "encode");
    return size;
}

static uint32_t crc(const uint8_t *bytes, size_t size)
{
#ifdef WITH_ISAL
    return crc32_gzip_refl(0, bytes, size);
#elif defined(WITH_LIBDEFLATE)
    return libdeflate_crc32(0, bytes, size);
#else
    return crc32(0, bytes, size);
#endif
}

static size_t deflate_rows(const uint8_t *rows, size_t size, uint8_t *out, size_t room)
{
#ifdef WITH_ISAL
    static struct isal_zstream stream;
    static uint8_t level_room[ISAL_DEF_LVL1_DEFAULT];
    isal_deflate_init(&stream);
    stream.level = 1;
    stream.level_buf = level_room;
    stream.level_buf_size = sizeof level_room;
    stream.gzip_flag = IGZIP_ZLIB;
    stream.end_of_stream = 1;
    stream.next_in = (uint8_t *)rows;
    stream.avail_in = size;
    stream.next_out = out;
    stream.avail_out = room;
    if (isal_deflate(&stream) != COMP_OK || stream.avail_in)
        fail("ISA-L", "deflate");
    return stream.total_out;
#elif defined(WITH_LIBDEFLATE)
    static struct libdeflate_compressor *compressor;
    if (!compressor)
        compressor = libdeflate_alloc_compressor(1);
    return libdeflate_zlib_compress(compressor, rows, size, out, room);
#else
    uLongf used = room;
    compress2(out, &used, rows, size, 1);
    return used;
#endif
}

static void put_u32(uint8_t *at, uint32_t value)
{
    at[0] = value >> 24, at[1] = value >> 16, at[2] = value >> 8, at[3] = value;
}

static size_t put_chunk(uint8_t *at, const char *kind, size_t size)
{
    put_u32(at, size);
    memcpy(at + 4, kind, 4);
    put_u32(at + 8 + size, crc(at + 4, size + 4));
    return size + 12;
}

static size_t encode_png(const Image *image, const uint8_t *gray, Buffer *rows, Buffer *out)
{
    size_t columns = image->columns, size = (columns + 1) * image->rows, used = 8;
    make_room(rows, size);
    make_room(out, size + size / 8 + 4096);
    for (int y = 0; y < image->rows; y++) {
        uint8_t *row = rows->bytes + y * (columns + 1);
        const uint8_t *here = gray + y * columns, *above = here - columns;
        *row++ = 2; /* "up" */
        if (y == 0) memcpy(row, here, columns);
        else for (size_t x = 0; x < columns; x++) row[x] = here[x] - above[x];
    }
    memcpy(out->bytes, "\x89PNG\r\n\x1a\n", 8);
    uint8_t *header = out->bytes + used + 8;
    put_u32(header, columns);
    put_u32(header + 4, image->rows);
    memcpy(header + 8, "\x08\0\0\0", 5);
    used += put_chunk(out->bytes + used, "IHDR", 13);
    size_t packed = deflate_rows(rows->bytes, size, out->bytes + used + 8, out->room - used - 32);
    used += put_chunk(out->bytes + used, "IDAT", packed);
    used += put_chunk(out->bytes + used, "IEND", 0);
    return used;
}

static void work(char **names, int count, int *next, int in, int out, const Wish *wish)
{
    Buffer file = {0}, gray = {0}, rows = {0}, encoded = {0};
    for (int i; (i = __atomic_fetch_add(next, 1, __ATOMIC_RELAXED)) < count;) {
        read_file(in, names[i], &file);
        Image image = scan(&file, names[i]);
        make_room(&gray, (size_t)image.rows * image.columns);
        map(&image, table_for(&image, wish), gray.bytes);
        size_t size = wish->is_png ? encode_png(&image, gray.bytes, &rows, &encoded)
                                   : encode_jpeg(&image, gray.bytes, &encoded);
        write_file(out, names[i], wish->is_png ? ".png" : ".jpg", encoded.bytes, size);
    }
}

static char **list(const char *folder, int *count)
{
    DIR *stream = opendir(folder);
    char **names = NULL;
    int room = 0;
    if (!stream)
        fail("cannot be listed", folder);
    for (struct dirent *entry; (entry = readdir(stream));) {
        if (strlen(entry->d_name) < 5 || entry->d_name[0] == '.')
            continue;
        if (*count == room)
            names = realloc(names, (room = room * 2 + 64) * sizeof *names);
        names[(*count)++] = strdup(entry->d_name);
    }
    closedir(stream);
    return names;
}

int main(int argc, char **argv)
{
    Wish wish = {0};
    int count = 0, status, is_bad = 0;
    if (argc != 6)
        fail("jpg|png window:CENTER,WIDTH|minmax PROCESSES IN OUT", "usage");
    wish.is_png = !strcmp(argv[1], "png");
    wish.is_minmax = !strcmp(argv[2], "minmax");
    if (!wish.is_minmax && sscanf(argv[2], "window:%lf,%lf", &wish.center, &wish.width) != 2)
        fail("neither minmax nor window:CENTER,WIDTH", argv[2]);
    char **names = list(argv[4], &count);
    mkdir(argv[5], 0777);
    int in = open(argv[4], O_RDONLY | O_DIRECTORY), out = open(argv[5], O_RDONLY | O_DIRECTORY);
    int *next = mmap(NULL, sizeof *next, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < atoi(argv[3]); i++)
        if (!fork()) {
            work(names, count, next, in, out, &wish);
            _exit(0);
        }
    while (wait(&status) > 0)
        is_bad |= status;
    return is_bad != 0;
}
