/*
 * A client that keeps to a schedule: it sends queries at random moments of a given rate (a Poisson process)
 * whether answers come or not, and measures each from the moment it was due, so that a server that stalls is
 * charged for every query it kept waiting. It never sleeps: a core of its own is what it needs.
 *
 * In: ADDRESS PORT FILE RATE SECONDS; FILE holds messages, each behind its length in two bytes. Out: one line
 * of JSON. Bounds: 60 seconds; a query unanswered after 65,536 more of its socket, or two seconds after the
 * end, is lost; latencies are told to 1 µs below 1 ms, to 0.2 % above.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { SOCKETS = 8, IDS = 65536, SECONDS = 60, BURST = 16, DRAIN_SECONDS = 2 };
/* Buckets of a histogram: a microsecond each up to 1024, then 512 to each doubling, up to 2^24 µs. */
enum { STEP = 512, MICROS_MAX = (1 << 24) - 1, BUCKETS = 16 * STEP };

static double due[SOCKETS][IDS]; /* 0: nothing outstanding */
typedef uint32_t Histogram[BUCKETS];
static Histogram took[SECONDS], late[1];
static double longest;
static long answered;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static int bucket(double seconds) {
  double micros = seconds * 1e6;
  uint32_t n = micros < 0 ? 0 : micros > MICROS_MAX ? MICROS_MAX : (uint32_t)micros;
  int shift = n < 2 * STEP ? 0 : 22 - __builtin_clz(n);
  return shift * STEP + (n >> shift);
}

/* The least of a bucket, in microseconds. */
static int least(int b) {
  int shift = b < 2 * STEP ? 0 : b / STEP - 1;
  return (b - shift * STEP) << shift;
}

/* The latency that a share of the queries of `count` seconds did not exceed, in microseconds. */
static int quantile(const Histogram *rows, int count, double share) {
  long total = 0, seen = 0;
  for (int s = 0; s < count; s++)
    for (int b = 0; b < BUCKETS; b++) total += rows[s][b];
  for (int b = 0; b < BUCKETS; b++) {
    for (int s = 0; s < count; s++) seen += rows[s][b];
    if (total > 0 && seen >= share * total) return least(b);
  }
  return 0;
}

static unsigned char *contents(const char *name, long *length) {
  FILE *file = fopen(name, "rb");
  if (!file || fseek(file, 0, SEEK_END) < 0) return NULL;
  *length = ftell(file);
  unsigned char *bytes = malloc(*length);
  rewind(file);
  if (!bytes || fread(bytes, 1, *length, file) != (size_t)*length) return NULL;
  fclose(file);
  return bytes;
}

static void receive(int fd, double *outstanding, double began, int seconds) {
  unsigned char answer[4096];
  while (recv(fd, answer, sizeof answer, MSG_DONTWAIT) >= 12) {
    double *when = &outstanding[answer[0] << 8 | answer[1]];
    if (*when == 0) continue;
    double latency = now() - *when;
    int second = (int)(*when - began);
    took[second < seconds ? second : seconds - 1][bucket(latency)]++;
    if (latency > longest) longest = latency;
    *when = 0;
    answered++;
  }
}

int main(int count, char **words) {
  if (count != 6) return 2;
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(atoi(words[2]))};
  double rate = atof(words[4]);
  int seconds = atoi(words[5]), fds[SOCKETS], room = 4 << 20;
  long length, at = 0, sent = 0;
  unsigned char *messages = contents(words[3], &length);
  unsigned short dice[3] = {1, 2, 3};
  uint16_t ids[SOCKETS] = {0};
  if (inet_pton(AF_INET, words[1], &server.sin_addr) != 1) return 2;
  if (!messages || seconds < 1 || seconds > SECONDS) return 2;
  for (int s = 0; s < SOCKETS; s++) {
    fds[s] = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(fds[s], SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (connect(fds[s], (struct sockaddr *)&server, sizeof server) < 0) return perror("connect"), 1;
  }
  double began = now(), next = began, end = began + seconds;
  while (now() < end + DRAIN_SECONDS && (next < end || answered < sent)) {
    for (int b = 0; b < BURST && next < end && next <= now(); b++, sent++) {
      int s = sent % SOCKETS, bytes = messages[at] << 8 | messages[at + 1];
      unsigned char *message = messages + at + 2;
      message[0] = ids[s] >> 8;
      message[1] = ids[s] & 255;
      due[s][ids[s]++] = next;
      late[0][bucket(now() - next)]++;
      send(fds[s], message, bytes, 0);
      next -= log(1 - erand48(dice)) / rate;
      at = at + 2 + bytes < length ? at + 2 + bytes : 0;
    }
    for (int s = 0; s < SOCKETS; s++) receive(fds[s], due[s], began, seconds);
  }
  int worst = 0;
  for (int s = 0; s < seconds; s++) {
    int p99 = quantile(&took[s], 1, 0.99);
    if (p99 > worst) worst = p99;
  }
  printf("{\"sent\":%ld,\"lost\":%ld,", sent, sent - answered);
  printf("\"p50\":%d,\"p99\":%d,", quantile(took, seconds, 0.5), quantile(took, seconds, 0.99));
  printf("\"p999\":%d,\"max\":%.0f,", quantile(took, seconds, 0.999), longest * 1e6);
  printf("\"worstSecondP99\":%d,\"lateP99\":%d}\n", worst, quantile(late, 1, 0.99));
}
