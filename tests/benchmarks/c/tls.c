/* The load generator for TLS: one thread, one line of JSON. Nothing is verified: the server is what is measured.
 *
 * tls shake PORT SECONDS                     one handshake after the other, none resumed, each with a byte there and back
 * tls echo  PORT CONNECTIONS SECONDS SIZE    every connection sends, waits for it all, sends again
 * tls sink  PORT SECONDS                     one connection sends as fast as it can
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clocks.h"

enum { CHUNK = 65536, EVENTS = 256, PATIENCE_MS = 5000 };

struct peer {
    SSL *tls;
    int socket;
    long got;
};

static SSL_CTX *context;
static char bytes[CHUNK];

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static struct peer shake(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct peer peer = {.socket = socket(AF_INET, SOCK_STREAM, 0)};
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(peer.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(peer.socket, (struct sockaddr *)&address, sizeof address))
        fail("cannot connect");
    peer.tls = SSL_new(context);
    SSL_set_fd(peer.tls, peer.socket);
    if (SSL_connect(peer.tls) != 1)
        fail("the handshake fails");
    return peer;
}

static void say(struct peer *peer, int size)
{
    peer->got = 0;
    if (SSL_write(peer->tls, bytes, size) != size)
        fail("the server takes nothing more");
}

static int hear(struct peer *peer)
{
    int count = SSL_read(peer->tls, bytes, sizeof bytes);
    if (count <= 0)
        fail("the server closed the connection");
    return count;
}

static void shakes(int port, double seconds)
{
    double began = now(), spent = cpu();
    long done = 0;
    for (; now() < began + seconds; done++) {
        struct peer peer = shake(port);
        say(&peer, 1);
        hear(&peer);
        SSL_shutdown(peer.tls);
        SSL_free(peer.tls);
        close(peer.socket);
    }
    double took = now() - began;
    printf("{\"rate\": %.1f, \"cpu\": %.3f}\n", done / took, (cpu() - spent) / took);
}

static void echo(int port, int connections, double seconds, int size)
{
    struct peer *peers = calloc(connections, sizeof *peers);
    struct epoll_event news[EVENTS];
    int poller = epoll_create1(0);
    long done = 0;
    for (int i = 0; i < connections; i++) {
        struct epoll_event wish = {.events = EPOLLIN, .data.ptr = &peers[i]};
        peers[i] = shake(port);
        epoll_ctl(poller, EPOLL_CTL_ADD, peers[i].socket, &wish);
    }
    double began = now(), spent = cpu();
    for (int i = 0; i < connections; i++)
        say(&peers[i], size);
    while (now() < began + seconds) {
        int count = epoll_wait(poller, news, EVENTS, PATIENCE_MS);
        if (count <= 0)
            fail("the server answers nothing");
        for (int i = 0; i < count; i++) {
            struct peer *peer = news[i].data.ptr;
            peer->got += hear(peer);
            if (peer->got >= size) {
                done++;
                say(peer, size);
            }
        }
    }
    double took = now() - began;
    printf("{\"rate\": %.1f, \"cpu\": %.3f}\n", done / took, (cpu() - spent) / took);
}

static void sink(int port, double seconds)
{
    struct peer peer = shake(port);
    double began = now(), spent = cpu(), sent = 0;
    for (; now() < began + seconds; sent += CHUNK)
        say(&peer, CHUNK);
    double took = now() - began;
    printf("{\"rate\": %.1f, \"cpu\": %.3f}\n", sent / took, (cpu() - spent) / took);
}

int main(int count, char **words)
{
    if (count < 4)
        fail("see the head of tls.c");
    signal(SIGPIPE, SIG_IGN);
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_AUTO_RETRY);
    int port = atoi(words[2]);
    if (!strcmp(words[1], "shake"))
        shakes(port, atof(words[3]));
    else if (!strcmp(words[1], "sink"))
        sink(port, atof(words[3]));
    else if (count > 5)
        echo(port, atoi(words[3]), atof(words[4]), atoi(words[5]));
    else
        fail("see the head of tls.c");
    return 0;
}
