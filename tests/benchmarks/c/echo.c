/* The limit: an echo server with a blocking thread per connection, as lean as C has it.
 *
 * echo PORT    listens on 127.0.0.1 until it is killed
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 65536, STACK = 262144, BACKLOG = 1024 };

static void *serve(void *argument)
{
    int connection = (int)(long)argument, on = 1;
    char buffer[BUFFER];

    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (;;) {
        ssize_t got = recv(connection, buffer, sizeof buffer, 0), gone = 0;
        while (gone < got) {
            ssize_t taken = send(connection, buffer + gone, got - gone, MSG_NOSIGNAL);
            if (taken < 0)
                got = 0;
            else
                gone += taken;
        }
        if (got <= 0)
            break;
    }
    close(connection);
    return NULL;
}

int main(int count, char **arguments)
{
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    pthread_attr_t small;

    if (count != 2)
        return 2;
    address.sin_port = htons(atoi(arguments[1]));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, BACKLOG))
        return 1;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK);
    for (;;) {
        pthread_t thread;
        int connection = accept(listener, NULL, NULL);
        if (connection < 0)
            continue;
        if (pthread_create(&thread, &small, serve, (void *)(long)connection))
            close(connection);
        else
            pthread_detach(thread);
    }
}
