/*
 * The floor: a server that does nothing but send every datagram back, in batches of 64. It sets QR and claims
 * one answer, which is all that a load generator looks at. In: a port of 127.0.0.1. Ends with a signal.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, BYTES = 2048 };

static unsigned char bytes[BATCH][BYTES + 64];
static struct sockaddr_in names[BATCH];
static struct iovec parts[BATCH];
static struct mmsghdr headers[BATCH];

int main(int count, char **words) {
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  int room = 4 << 20;
  if (count != 2) return 2;
  own.sin_port = htons(atoi(words[1]));
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  if (bind(fd, (struct sockaddr *)&own, sizeof own) < 0) {
    perror("bind");
    return 1;
  }
  for (int i = 0; i < BATCH; i++) {
    parts[i].iov_base = bytes[i];
    headers[i].msg_hdr = (struct msghdr){.msg_name = &names[i], .msg_iov = &parts[i], .msg_iovlen = 1};
  }
  for (;;) {
    for (int i = 0; i < BATCH; i++) {
      parts[i].iov_len = BYTES;
      headers[i].msg_hdr.msg_namelen = sizeof names[i];
    }
    int came = recvmmsg(fd, headers, BATCH, MSG_WAITFORONE, NULL);
    for (int i = 0; i < came; i++) {
      parts[i].iov_len = headers[i].msg_len;
      bytes[i][2] |= 0x80;
      bytes[i][7] = 1;
    }
    for (int sent = 0; sent < came;) {
      int taken = sendmmsg(fd, headers + sent, came - sent, 0);
      sent += taken > 0 ? taken : 1;
    }
  }
}
