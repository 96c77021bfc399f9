/* The load generator: one thread, one epoll, one line of JSON.
 *
 * load echo  PORT CONNECTIONS SECONDS SIZE         every connection sends, waits for it all, sends again
 * load fan   PORT RECEIVERS SECONDS SIZE SILENT PAUSE   one sends, waits until all receivers have it, sends again;
 *                                                  SILENT more connections never read; with a PAUSE (milliseconds)
 *                                                  between messages, FILL bytes go out without one before
 * load sink  PORT SECONDS BYTES                    one connection sends as fast as it can; 0 bytes: no end
 * load burst PORT CONNECTIONS SIZE                 all connect at once, send, and wait for the answer
 *
 * Latencies are microseconds, rates are per second, "cpu" is the share of one core that this program took.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clocks.h"

enum { LONGEST = 4000000, CHUNK = 65536, EVENTS = 256, PATIENCE_MS = 2000, BURST_MS = 10000, FILL = 6 << 20 };

static const double DIALLING = 20;   /* seconds for all connections together */

struct peer {
    int socket;
    long got;          /* bytes of the answer that is awaited */
    long answers;
    double sent_at;    /* seconds */
    double connected_at;
};

static struct peer *peers;
static unsigned *histogram;   /* of latencies, a bucket a microsecond */
static long samples;
static long longest;          /* microseconds */
static char out[CHUNK], in[CHUNK];
static int poller;

static void fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, errno ? strerror(errno) : "the server closed the connection");
    exit(1);
}

static void note(double seconds)
{
    long us = (long)(seconds * 1e6);
    if (us > longest)
        longest = us;
    histogram[us < LONGEST ? us : LONGEST - 1]++;
    samples++;
}

static void forget(void)
{
    memset(histogram, 0, LONGEST * sizeof *histogram);
    samples = longest = 0;
}

static long quantile(double q)
{
    long seen = 0, wanted = (long)(q * samples);
    for (long us = 0; us < LONGEST; us++)
        if ((seen += histogram[us]) > wanted)
            return us;
    return LONGEST;
}

static struct sockaddr_in target(const char *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    a.sin_port = htons(atoi(port));
    return a;
}

static int fresh(int receive_buffer, int flags)
{
    int s = socket(AF_INET, SOCK_STREAM | flags, 0), on = 1;
    if (s < 0)
        fail("socket");
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (receive_buffer)
        setsockopt(s, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    return s;
}

static int dial(const char *port, int receive_buffer)
{
    struct sockaddr_in a = target(port);
    int s = fresh(receive_buffer, 0);
    if (connect(s, (void *)&a, sizeof a))
        fail("connect");
    return s;
}

static void watch(struct peer *p, int events)
{
    struct epoll_event e = {.events = events, .data.ptr = p};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, p->socket, &e) && epoll_ctl(poller, EPOLL_CTL_MOD, p->socket, &e))
        fail("epoll_ctl");
}

static void dial_all(const char *port, int count)
{
    double end = now() + DIALLING;
    peers = calloc(count, sizeof *peers);
    poller = epoll_create1(0);
    for (int i = 0; i < count; i++) {
        if (now() > end) {
            fprintf(stderr, "let only %d of %d connections in within %.0f s\n", i, count, DIALLING);
            exit(1);
        }
        peers[i].socket = dial(port, 0);
        watch(&peers[i], EPOLLIN);
    }
}

static long receive(struct peer *p)
{
    errno = 0;
    ssize_t got = recv(p->socket, in, sizeof in, 0);
    if (got <= 0)
        fail("recv");
    return got;
}

static void speak(struct peer *p, int size, double at)
{
    p->sent_at = at;
    if (send(p->socket, out, size, MSG_NOSIGNAL) != size)
        fail("send");
}

/* What one connection has received; when that was a whole answer, the next message goes out. */
static void take(struct peer *p, int size)
{
    p->got += receive(p);
    if (p->got < size)
        return;
    p->got = 0;
    p->answers++;
    double at = now();
    note(at - p->sent_at);
    speak(p, size, at);
}

static void echo_until(double end, int count, int size)
{
    struct epoll_event news[EVENTS];
    if (count == 1) {   /* nothing to choose between: no epoll in the way */
        while (now() < end)
            take(&peers[0], size);
        return;
    }
    while (now() < end) {
        int ready = epoll_wait(poller, news, EVENTS, PATIENCE_MS);
        for (int i = 0; i < ready; i++)
            take(news[i].data.ptr, size);
    }
}

static int echo(char **a)
{
    int count = atoi(a[1]), size = atoi(a[3]), served = 0;
    double seconds = atof(a[2]), began, used;

    dial_all(a[0], count);
    for (int i = 0; i < count; i++)
        speak(&peers[i], size, now());
    echo_until(now() + (seconds < 1 ? seconds / 4 : 0.25), count, size);   /* until everyone is in stride */
    forget();
    for (int i = 0; i < count; i++)
        peers[i].answers = 0;
    began = now(), used = cpu();
    echo_until(began + seconds, count, size);
    double took = now() - began;
    for (int i = 0; i < count; i++)
        served += peers[i].answers > 0;
    printf("{\"rate\": %.1f, \"p50\": %ld, \"p99\": %ld, \"longest\": %ld, \"served\": %d, \"cpu\": %.3f}\n",
           samples / took, quantile(0.5), quantile(0.99), longest, served, (cpu() - used) / took);
    return 0;
}

/* Speak until every receiver has heard something, then let everything arrive. */
static int all_joined(int receivers)
{
    struct epoll_event news[EVENTS];
    int heard = 0;
    for (int attempt = 0; attempt < 50 && heard < receivers; attempt++) {
        double until = now() + 0.1;
        speak(&peers[0], 64, now());
        for (double left; (left = until - now()) > 0;) {
            int ready = epoll_wait(poller, news, EVENTS, (int)(left * 1000) + 1);
            for (int i = 0; i < ready; i++) {
                struct peer *p = news[i].data.ptr;
                p->got += receive(p);
                if (p != &peers[0] && p->got && !p->answers++)
                    heard++;
            }
        }
    }
    for (int i = 0; i <= receivers; i++)
        peers[i].got = peers[i].answers = 0;
    return heard;
}

/* One message to everybody. How many receivers still miss bytes of it: 0 unless the server stopped delivering. */
static int round_of(int receivers, int size)
{
    struct epoll_event news[EVENTS];
    int missing = receivers;
    speak(&peers[0], size, now());
    double sent_at = peers[0].sent_at;
    while (missing) {
        int ready = epoll_wait(poller, news, EVENTS, PATIENCE_MS);
        if (ready == 0)
            break;
        for (int i = 0; i < ready; i++) {
            struct peer *p = news[i].data.ptr;
            p->got += receive(p);
            if (p == &peers[0] || p->got < size)
                continue;
            p->got -= size;
            missing--;
            note(now() - sent_at);
        }
    }
    return missing;
}

static int fan(char **a)
{
    int receivers = atoi(a[1]), size = atoi(a[3]), silent = atoi(a[4]), pause = atoi(a[5]), lost = 0;
    double seconds = atof(a[2]), began, used, warm;

    dial_all(a[0], receivers + 1);
    for (int i = 0; i < silent; i++)
        dial(a[0], 4096);
    int joined = all_joined(receivers);
    if (joined < receivers) {
        fprintf(stderr, "only %d of %d receivers ever heard anything\n", joined, receivers);
        return 1;
    }
    for (long gone = 0; pause && !lost && gone < FILL; gone += size)
        lost = round_of(receivers, size);
    warm = now() + (seconds < 1 ? seconds / 4 : 0.25);
    while (!pause && !lost && now() < warm)
        lost = round_of(receivers, size);
    forget();
    began = now(), used = cpu();
    while (!lost && now() < began + seconds) {
        lost = round_of(receivers, size);
        usleep(pause * 1000);
    }
    double took = now() - began;
    printf("{\"rate\": %.1f, \"p50\": %ld, \"p99\": %ld, \"longest\": %ld, \"lost\": %d, \"cpu\": %.3f}\n",
           samples / took, samples ? quantile(0.5) : 0, samples ? quantile(0.99) : 0, longest, lost, (cpu() - used) / took);
    return 0;
}

static int sink(char **a)
{
    int s = dial(a[0], 0);
    double seconds = atof(a[1]), limit = atof(a[2]), gone = 0, before = 0;
    double began = now(), used = cpu(), warm = limit ? began : began + seconds / 4, end = warm + seconds;
    while (now() < end && !(limit && gone >= limit)) {
        if (!before && !limit && now() >= warm)   /* by now every buffer on the way is full */
            began = now(), used = cpu(), before = gone;
        ssize_t taken = send(s, out, sizeof out, MSG_NOSIGNAL);
        if (taken < 0)
            fail("send");
        gone += taken;
    }
    double took = now() - began;
    printf("{\"rate\": %.1f, \"bytes\": %.0f, \"cpu\": %.3f}\n", (gone - before) / took, gone, (cpu() - used) / took);
    return 0;
}

static int burst(char **a)
{
    int count = atoi(a[1]), size = atoi(a[2]), left = count;
    struct sockaddr_in to = target(a[0]);
    struct epoll_event news[EVENTS];
    double slowest = 0;

    peers = calloc(count, sizeof *peers);
    poller = epoll_create1(0);
    double began = now();
    for (int i = 0; i < count; i++) {
        peers[i].socket = fresh(0, SOCK_NONBLOCK);
        peers[i].sent_at = now();
        if (connect(peers[i].socket, (void *)&to, sizeof to) && errno != EINPROGRESS)
            fail("connect");
        watch(&peers[i], EPOLLOUT);
    }
    while (left) {
        int ready = epoll_wait(poller, news, EVENTS, BURST_MS);
        if (ready == 0)
            break;
        for (int i = 0; i < ready; i++) {
            struct peer *p = news[i].data.ptr;
            if (!p->connected_at) {
                p->connected_at = now();
                if (p->connected_at - p->sent_at > slowest)
                    slowest = p->connected_at - p->sent_at;
                if (send(p->socket, out, size, MSG_NOSIGNAL) != size)
                    fail("send");
                watch(p, EPOLLIN);
            } else if ((p->got += receive(p)) >= size) {
                note(now() - p->sent_at);
                watch(p, 0);
                left--;
            }
        }
    }
    printf("{\"connect\": %.0f, \"p50\": %ld, \"longest\": %ld, \"unanswered\": %d, \"took\": %.3f}\n",
           slowest * 1e6, quantile(0.5), longest, left, now() - began);
    return 0;
}

int main(int count, char **arguments)
{
    static const struct { const char *name; int arguments; int (*run)(char **); } modes[] = {
        {"echo", 4, echo}, {"fan", 6, fan}, {"sink", 3, sink}, {"burst", 3, burst},
    };
    struct rlimit files;

    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    histogram = calloc(LONGEST, sizeof *histogram);
    memset(out, 'x', sizeof out);
    alarm(120);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (count > 1 && !strcmp(arguments[1], modes[i].name) && count == modes[i].arguments + 2)
            return modes[i].run(arguments + 2);
    fprintf(stderr, "usage: see the head of load.c\n");
    return 2;
}
