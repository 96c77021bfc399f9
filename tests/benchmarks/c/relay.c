/* The limit of a tap: for each caller it dials a port, and two blocking threads carry bytes, one each way.
 *
 * relay PORT TARGET    listens on 127.0.0.1 until it is killed; TARGET 0: takes what comes and says nothing
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 65536, STACK = 262144, BACKLOG = 1024 };

struct way {
    int from, to;
};

static struct sockaddr_in address_of(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* Until the end of what comes, which is passed on as an end. The pair is closed when its process ends. */
static void *carry(void *argument)
{
    struct way way = *(struct way *)argument;
    char buffer[BUFFER];
    ssize_t got;

    free(argument);
    while ((got = recv(way.from, buffer, sizeof buffer, 0)) > 0)
        for (ssize_t gone = 0; way.to >= 0 && gone < got;) {
            ssize_t taken = send(way.to, buffer + gone, got - gone, MSG_NOSIGNAL);
            if (taken <= 0)
                return NULL;
            gone += taken;
        }
    if (way.to >= 0)
        shutdown(way.to, SHUT_WR);
    else
        close(way.from);
    return NULL;
}

static void begin(int from, int to, pthread_attr_t *small)
{
    struct way *way = malloc(sizeof *way);
    pthread_t thread;

    *way = (struct way){from, to};
    if (pthread_create(&thread, small, carry, way))
        exit(1);
    pthread_detach(thread);
}

int main(int count, char **arguments)
{
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in here, there;
    pthread_attr_t small;

    if (count != 3)
        return 2;
    here = address_of(atoi(arguments[1]));
    there = address_of(atoi(arguments[2]));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (void *)&here, sizeof here) || listen(listener, BACKLOG))
        return 1;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK);
    for (;;) {
        int caller = accept(listener, NULL, NULL), target = -1;
        if (caller < 0)
            continue;
        setsockopt(caller, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (there.sin_port) {
            target = socket(AF_INET, SOCK_STREAM, 0);
            setsockopt(target, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            if (connect(target, (void *)&there, sizeof there)) {
                close(target);
                close(caller);
                continue;
            }
            begin(target, caller, &small);
        }
        begin(caller, target, &small);
    }
}
