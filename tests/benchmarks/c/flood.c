/* The flood: one connection sends numbered lines at a steady rate. One line of JSON.
 *
 * flood PORT RATE SECONDS SIZE      RATE lines a second (0: as many as it can) of SIZE bytes
 * flood PORT RATE SECONDS SIZE udp  the same, each line a datagram
 *
 * "rate" is what was reached, lines a second; "crc" the CRC-32 of everything that was sent; "cpu" the
 * share of one core that this program took. A line is twelve digits, a space, filler and a line feed.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clocks.h"

enum { CHUNK = 65536, DIGITS = 12, SHORTEST = DIGITS + 2 };

static const struct timespec TICK = {.tv_nsec = 1000000};
static char out[CHUNK];

static void fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static int dial(int port, int kind)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int s = socket(AF_INET, kind, 0), on = 1;
    if (kind == SOCK_STREAM)
        setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(s, (void *)&a, sizeof a))
        fail("connect");
    return s;
}

/* As many of those lines as fit into out; how many they are. */
static int write_lines(long first, long count, int size)
{
    int lines = count < CHUNK / size ? count : CHUNK / size;
    for (int i = 0; i < lines; i++) {
        char *line = out + i * size;
        long number = first + i;
        for (int digit = DIGITS - 1; digit >= 0; digit--, number /= 10)
            line[digit] = '0' + number % 10;
        line[DIGITS] = ' ';
        line[size - 1] = '\n';
    }
    return lines;
}

static void send_all(int s, const char *from, long size)
{
    while (size) {
        ssize_t taken = send(s, from, size, MSG_NOSIGNAL);
        if (taken < 0)
            fail("send");
        from += taken, size -= taken;
    }
}

/* How many lines went out until the time was over. What the receiver holds up is made up for as soon as it lets us. */
static long send_lines(int s, long rate, double seconds, int size, int is_udp)
{
    long sent = 0;
    double began = now(), passed;
    while ((passed = now() - began) < seconds) {
        long due = rate ? (long)(rate * passed) - sent : CHUNK;
        if (due <= 0) {
            nanosleep(&TICK, NULL);
            continue;
        }
        int lines = write_lines(sent, due, size);
        if (is_udp)
            for (int i = 0; i < lines; i++)
                send_all(s, out + i * size, size);
        else
            send_all(s, out, (long)lines * size);
        sent += lines;
    }
    return sent;
}

/* Worked out afterwards, so that it costs the flood nothing. */
static unsigned crc_of_lines(long count, int size)
{
    unsigned table[256], crc = ~0u;
    for (unsigned i = 0; i < 256; i++) {
        table[i] = i;
        for (int bit = 0; bit < 8; bit++)
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
    }
    for (long done = 0, lines; done < count; done += lines) {
        lines = write_lines(done, count - done, size);
        for (long i = 0; i < lines * size; i++)
            crc = crc >> 8 ^ table[(crc ^ (unsigned char)out[i]) & 0xff];
    }
    return ~crc;
}

int main(int count, char **a)
{
    int size = count == 5 || count == 6 ? atoi(a[4]) : 0, is_udp = count == 6;
    if (size < SHORTEST || size > CHUNK) {
        fprintf(stderr, "usage: see the head of flood.c\n");
        return 2;
    }
    memset(out, 'x', sizeof out);
    alarm(120 + atoi(a[3]));
    int s = dial(atoi(a[1]), is_udp ? SOCK_DGRAM : SOCK_STREAM);
    double began = now(), used = cpu();
    long sent = send_lines(s, atol(a[2]), atof(a[3]), size, is_udp);
    double took = now() - began, worked = cpu() - used;
    close(s);
    printf("{\"rate\": %.1f, \"bytes\": %ld, \"crc\": %u, \"took\": %.3f, \"cpu\": %.3f}\n",
           sent / took, sent * size, crc_of_lines(sent, size), took, worked / took);
    return 0;
}
