/**
 * Every bound of the house in one place, each with its reason; the assertions at the foot say how they relate
 * and run at start. Units come last in a name. Sources: the RFC at the line, or the peers compared in
 * docs/LIMITS.md.
 */
import { assert } from './assert.ts';

// Messages
/** RFC 1035 §4.2.2: two bytes of length. */
export const MESSAGE_BYTES_MAX = 65_535;
/** RFC 1035 §4.2.1: what a client without EDNS takes over UDP. */
export const UDP_PLAIN_BYTES_MAX = 512;
/** Fits the smallest IPv6 path unfragmented: 1280 less the IPv6 and UDP headers (RFC 9715). */
export const UDP_BYTES_MAX = 1280 - 40 - 8;
/** Suffixes remembered for compression in one message, so that encoding stays linear (CVE-2024-8508). */
export const COMPRESSION_SUFFIXES_MAX = 255;
/** Of these, looked at for one suffix: names made to collide are written in full instead. */
export const COMPRESSION_PROBES_MAX = 32;
/** EDNS options read from one OPT; a message with more is malformed (CVE-2026-41292). */
export const EDNS_OPTIONS_MAX = 100;

// Authoritative answers
/** Alias hops (CNAME and DNAME together) in one answer, as BIND and Unbound bound them. */
export const ALIAS_HOPS_MAX = 11;
/** RRsets collected for one reply: a referral to 127 servers with both kinds of glue. */
export const REPLY_RRSETS_MAX = 256;
/** Targets whose addresses are added to one reply (CVE-2024-11187). */
export const ADDITIONAL_TARGETS_MAX = 13;

// Zone files
export const INCLUDE_DEPTH_MAX = 10;
/** Files included by one zone in all: ten files that include the next one ten times each are 10^10. */
export const INCLUDES_MAX = 10_000;
export const GENERATE_STEPS_MAX = 65_536;
/** Text that all `$GENERATE` of a zone may make. */
export const GENERATE_BYTES_MAX = 16 * 1024 * 1024;
/** One entry of a zone file, its continuation lines included. */
export const ENTRY_BYTES_MAX = 262_144;
/** Mistakes told of one entry: a line of nothing else is not to hide the lines behind it. */
export const ENTRY_FAULTS_MAX = 20;
/** Complaints kept for one load; the rest are counted. */
export const COMPLAINTS_MAX = 1_000;
/** What a kept image says of itself: its files and complaints; one that would say more is not kept. */
export const KEPT_ACCOUNT_BYTES_MAX = 16 * 1024 * 1024;

// Zones
/** Room behind a compiled image for changes, at least: little, for most of many small zones never change… */
export const IMAGE_SLACK_BYTES_MIN = 512;
/** …more where it was compiled anew because it had changed, and will again… */
export const IMAGE_SLACK_CHANGED_BYTES_MIN = 4_096;
/** …and one part in so many of the image. When half of it is used the zone is compiled anew. */
export const IMAGE_SLACK_SHARE = 4;
/** Of an image, at least, so that a small zone can grow a little. */
export const IMAGE_SLOTS_MIN = 32;
/** A zone file that was read again and differs in no more names is applied as changes… */
export const RELOAD_CHANGES_MAX = 10_000;
/** …if they are one part in so many of its names; else it becomes a new image. */
export const RELOAD_CHANGES_SHARE = 50;

// Pools
/** Members of one: a choice looks at each. */
export const POOL_MEMBERS_MAX = 255;
/** Checks of one member: it is up while all of them are. */
export const POOL_CHECKS_MAX = 8;
/** Of a check's name, as a label has. */
export const CHECK_NAME_BYTES_MAX = 63;
/** Of a client's address, what a sticky pool goes by: as much as resolvers tell of it (RFC 7871 §11.1). */
export const STICKY_BITS_V4 = 24;
export const STICKY_BITS_V6 = 56;
/** An answer chosen by what may change at any moment is kept for so long at least. */
export const POOL_TTL_SECONDS_MIN = 1;
/** RRsets made for one reply: of a pool the largest there can be, behind a CNAME for every hop to it. */
export const ARENA_BYTES_MAX = 72_000;
/** The longest that a member may take to come back to its whole weight. */
export const WARM_UP_SECONDS_MAX = 86_400;
/** Hosts that are members, of all zones, and as many with checks: 700 bytes each, with their addresses… */
export const HOSTS_MAX = 4_096;
/** …so many of a family: more are in no answer that balances load… */
export const HOST_ADDRESSES_MAX = 16;
/** …for as long as their TTL says, yet not less, so that TTL 0 keeps nobody busy… */
export const HOST_SECONDS_MIN = 5;
/** …nor more, as anything that others said… */
export const HOST_SECONDS_MAX = 86_400;
/** …and so long after that, while nobody says what they are now (RFC 8767 §5: one to three days). */
export const HOST_STALE_SECONDS = 86_400;
/** Absence that says nothing of how long (RFC 2308 §5). */
export const HOST_ABSENT_SECONDS = 60;
/** Questions for addresses of hosts at a time, of all that are resolved. */
export const HOST_QUESTIONS_MAX = 64;
/** After a failure it is asked again in such a time, in twice as long each time… */
export const HOST_RETRY_MS_MIN = 1_000;
/** …up to this. */
export const HOST_RETRY_MS_MAX = 60_000;
/**
 * At the start the doors stay closed, and zones that bring hosts wait before they are answered from, for so
 * long at most, until it is known of all what addresses they have: who is slower has somebody's server down.
 */
export const HOSTS_WAIT_MS = 2_000;
export const HOSTS_LOOK_MS = 5;
/** Of those that are not known by then, so many are named in the log. */
export const HOSTS_NAMED_MAX = 10;
/** Names looked at to see whether one leads back to itself. */
export const HOST_CIRCLE_NAMES_MAX = 1_000;

// TCP, RFC 7766 §6
export const TCP_CLIENTS_MAX = 1_024;
export const TCP_CLIENTS_PER_ADDRESS_MAX = 32;
/** RFC 6177 §2: what one site has at least, so an IPv6 client is its /64 and not one of its addresses. */
export const CLIENT_BITS_V6 = 64;
/** Of the process's file descriptors, for clients over TCP (Knot DNS: half). */
export const TCP_DESCRIPTORS_SHARE = 0.5;
/** Descriptors for what is not counted one by one: zone files, log, threads, whoever watches. */
export const DESCRIPTORS_BESIDES = 256;
/** Questions of one connection that wait for answers; then we stop reading. */
export const TCP_PIPELINE_MAX = 32;
/** Bytes waiting to be read by the peer; then we stop reading from it. */
export const TCP_UNSENT_BYTES_MAX = 65_535 + 2;
export const TCP_FIRST_MESSAGE_MS = 3_000;
export const TCP_IDLE_MS = 10_000;
/** A peer that takes nothing of what waits for it is closed. */
export const TCP_STALLED_MS = 10_000;
/** How often connections are looked over; deadlines are kept to within this. */
export const TCP_SWEEP_MS = 250;

// UDP
/** Datagrams waiting in one dgram socket's send queue; more are dropped and counted. */
export const UDP_SEND_QUEUE_MAX = 1_000;
/** Asked of the kernel for each direction; it gives what its own limits allow. */
export const UDP_SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;
/** Datagrams received or sent by one call; more of them gain nothing that can be measured. */
export const UDP_BATCH_MAX = 64;
/** Of a datagram received in a batch: as much as we ever say that we take. What is longer gets dropped. */
export const UDP_QUERY_BYTES_MAX = 4_096;
/** How long a front waits, once a batch, for a kernel whose send buffer is full. */
export const UDP_SEND_WAIT_MS = 5;

// Fronts
export const FRONTS_MAX = 64;
/** A front looks up from its sockets at least this often. */
export const FRONT_WAKE_MS = 100;
/** Letters of one thread that the control thread has not read yet; what would go into more is dropped. */
export const FRONT_LETTERS_MAX = 256;
/** Queries not read yet by the resolver thread, some 0.2 s of its work: of more, each zone has a share… */
export const UNREAD_MAX = 4_096;
/** …and of one front, that it has not even sorted. */
export const HAND_OVERS_MAX = 2 * UNREAD_MAX;
/** The resolver thread reads them for so long before it looks after replies and timers again. */
export const READ_MS_MAX = 2;
/** When so many wait, none carries anything for the query log: who waits for an answer goes first. */
export const FRONT_SIGHTING_LETTERS_MAX = 64;
/** Publications of zones whose predecessors a front that never rests may still hold. */
export const FRONT_UNCOLLECTED_MAX = 4;
/** A thread that has not taken what was published, or not gone round, for this time is stuck, and ended. */
export const FRONT_FOLLOW_MS_MAX = 2_000;
/** A thread that died starts again after this time, which doubles each time… */
export const FRONT_RESTART_MS_MIN = 100;
/** …up to this one; a thread that lived longer than it starts afresh. */
export const FRONT_RESTART_MS_MAX = 10_000;

// Resolution
/** What a client waits for at most, unless configured. */
export const CLIENT_MS_MAX = 5_000;
/** A resolution's own life: it may outlive its client to fill the cache. */
export const RESOLUTION_MS_MAX = 8_000;
/** Upstream exchanges one client's question may cause, sub-questions included; never reset. */
export const UPSTREAM_QUERIES_MAX = 128;
/** Of these, for one name between two aliases. */
export const UPSTREAM_QUERIES_PER_NAME_MAX = 32;
/** RFC 9156 §2.3: a name is shown to servers in at most so many steps… */
export const MINIMISED_STEPS_MAX = 10;
/** …the first of which show one label more each. */
export const MINIMISED_ONE_LABEL_STEPS = 4;
/** Bytes received on behalf of one client's question. */
export const UPSTREAM_BYTES_MAX = 100_000 + MESSAGE_BYTES_MAX;
/** "I need an address to reach the server that has the address", this deep. */
export const SUBQUESTION_DEPTH_MAX = 6;
export const REFERRALS_MAX = 30;
/** Name servers considered of one delegation, drawn at random when there are more. */
export const DELEGATION_SERVERS_MAX = 13;
export const ADDRESSES_PER_SERVER_MAX = 6;
export const GLUE_PER_REFERRAL_MAX = 26;
/** Server names without address looked up for one question (NXNSAttack, CVE-2020-8616). */
export const SERVER_LOOKUPS_MAX = 32;
/** …and those of them that may fail; of one zone's, those that may lead to silence (CVE-2022-3204). */
export const SERVER_LOOKUPS_FAILED_MAX = 5;
/** Tries per server and transport (RFC 9520 §3.1). */
export const TRIES_PER_SERVER_MAX = 3;
export const FIRST_TRY_MS = 400;
/** A server known to be fast is given this long at least before the next one is asked as well. */
export const TRY_MS_MIN = 75;
export const TRY_MS_MAX = 1_600;
/** …and this much longer than it usually takes: we may be late ourselves to read what has come. */
export const TRY_SLACK_MS = 25;
/** A forwarder is given this long at least, however fast it was: its next answer may be a walk of its own. */
export const FORWARD_TRY_MS_MIN = 800;
/** Servers of one zone that are bothered for one question; what costs no packet does not count. */
export const ASKS_PER_ZONE_MAX = 11;
/** Server names looked up side by side, by depth; deeper than this list, one. */
export const LOOKUPS_AT_ONCE = [3, 2, 1] as const;
/** Servers whose speed and habits are remembered… */
export const SERVERS_REMEMBERED_MAX = 20_000;
/** …and for how long they are held to what they could not do. */
export const SERVER_HABITS_SECONDS = 900;
/** EDNS is given up for a server after this many questions it only understood without (RFC 6891 §6.2.2). */
export const EDNS_FAULTS_MAX = 2;
export const RESOLUTIONS_MAX = 2_048;
/** Questions that are out to other servers at once, each by a socket of its own at worst. */
export const UPSTREAM_SOCKETS_MAX = 2_048;
/** Descriptors that are closed for a thread which was ended; the system gives out the lowest that is free. */
export const DESCRIPTORS_NOTED_MAX = 65_536;
/** So many questions to one server have ports of their own at a time; the others share theirs. */
export const UPSTREAM_SOCKETS_ALONE = 32;
/** Questions that leave from one port in its life: so many go over TCP when a forger finds it… */
export const UPSTREAM_SOCKET_QUESTIONS_MAX = 8;
/** …none of them later than this: it can be found at some 1,000 ports a second (SAD DNS, CVE-2020-25705). */
export const UPSTREAM_SOCKET_SHARED_MS = 100;
/** After silence on a shared socket so many questions to that server have each a socket of their own. */
export const UPSTREAM_ALONE_QUESTIONS = 64;
/** Random ports tried for one query when some are taken. */
export const UPSTREAM_PORT_TRIES_MAX = 8;
/** Of all sockets that have something to read, so many are told at once. */
export const UPSTREAM_EVENTS_MAX = 256;
/** Datagrams read of one socket, none of them the reply, before others have their turn. */
export const UPSTREAM_DATAGRAMS_PER_TURN_MAX = 16;
/** How long the resolver thread waits for replies and its loop at once: its timers may be so late. */
export const UPSTREAM_WAIT_MS = 10;
/** Questions of one connection to another server that wait for replies; the next opens another one. */
export const UPSTREAM_TCP_QUESTIONS_MAX = 32;
/** RFC 7766 §6.2.1: a connection is kept a little for the next question to that server… */
export const UPSTREAM_TCP_IDLE_MS = 2_000;
/** …of this many servers. */
export const UPSTREAM_TCP_IDLE_MAX = 64;
/** Clients waiting for all questions together, some 5 kB each… */
export const CLIENTS_WAITING_MAX = 20_000;
/** …and of them for one question in flight: what everybody asks for must not take every place. */
export const WAITERS_PER_QUESTION_MAX = 10_000;
/** …and of one client over UDP: answers that come at one moment are no pulse (DNSBomb, CVE-2024-33655)… */
export const WAITING_PER_CLIENT_MAX = 500;
/** …and of one whose cookie shows that the address is its own. */
export const WAITING_PER_KNOWN_CLIENT_MAX = 5_000;
/** Questions asked anew at a time while what is known is still answered. */
export const REFRESHES_MAX = 256;
/** Questions that fail in silence in a row until their zone is taken for dead (RFC 9520 §3.2)… */
export const OUTAGE_FAILURES = 3;
/** …if nothing is heard for so long: where packets get lost, many fail, but others are answered meanwhile… */
export const OUTAGE_SILENCE_MS = 2_000;
/** …whose servers are then tried with one question in this time, so that their return is noticed. */
export const OUTAGE_PROBE_MS = 2_000;
/** Zones whose failures are counted. */
export const OUTAGES_MAX = 10_000;

// Caches
export const CACHE_BYTES_DEFAULT = 64 * 1024 * 1024;
export const CACHE_TTL_SECONDS_MAX = 86_400;
/** RFC 2308 §5: one to three hours. */
export const CACHE_NEGATIVE_SECONDS_MAX = 3_600;
/** RFC 8767 §5: how long a client waits before it is given what has expired… */
export const STALE_WAIT_MS = 1_800;
/** …with which TTL. */
export const STALE_TTL_SECONDS = 30;
/** A question that failed within this time is not waited for again where something expired is known. */
export const STALE_RECHECK_MS = 30_000;
/** All threads read an expired answer for so long; then the resolver hears of its question again. */
export const STALE_SHARED_MS = 1_000;
/** RFC 9520 §3.2: failures are kept 1 s to 5 min, growing. */
export const FAILURE_SECONDS_MIN = 5;
export const FAILURE_SECONDS_MAX = 300;
/** An operator may make TTLs longer than they are by so much: beyond it names would seem to be gone. */
export const MIN_TTL_SECONDS_MAX = 3_600;
export const CACHED_RRS_PER_RRSET_MAX = 100;
/** RFC 8767 §5: what has expired may be of use for a day to three; it stays so long where there is room. */
export const CACHE_LINGER_SECONDS = 86_400;
/** Of each kind of facts: places are 32-bit numbers. Some twenty million facts. */
export const SHELF_BYTES_MAX = 2 ** 31 - 8;
/** A few dozen facts. */
export const SHELF_BYTES_MIN = 4_096;
/** A message, its names written out; what is larger is not kept. */
export const SHELF_FACT_BYTES_MAX = 2 * MESSAGE_BYTES_MAX;
/** For each byte that is kept so many more may be moved because they are asked for, or have not expired. */
export const SHELF_RESCUE_MULTIPLE = 8;
/** …together, as far as less was moved before. */
export const SHELF_CREDIT_BYTES_MAX = 65_536;
/** Delegations that need not be read from their bytes, 2 kB each at most: most questions are below these. */
export const DELEGATIONS_READ_MAX = 4_096;
/** RRsets kept of one answer to ANY. */
export const CACHED_TYPES_PER_NAME_MAX = 100;
/** Text of an Extended DNS Error: a line for a human (RFC 8914 §2). */
export const EDE_TEXT_CHARS_MAX = 240;
/** Steps of one walk that are kept to be told: twice its queries, and what it met besides. */
export const JOURNAL_STEPS_MAX = 96;
/** Steps told of one question, with those of all walks that it waited for. */
export const TRAIL_STEPS_MAX = 1_000;
/** Zones whose last failure is kept with its steps: how a question failed, some 10 KB each. */
export const MISHAPS_MAX = 64;
/** Of `recursion.cacheBytes`, the share of the answers that all threads read; the rest is RRsets. */
export const ANSWER_CACHE_SHARE = 0.25;
/** An outcome that is larger is known to the resolver thread only. */
export const ANSWER_BYTES_MAX = 8_192;
export const ANSWER_MEMORY_BYTES_MIN = 65_536;
/** Some six million answers; places in it are 32-bit numbers. */
export const ANSWER_MEMORY_BYTES_MAX = 2 ** 30;
/** Entries that one insertion carries over because they were asked for; beyond it the oldest goes anyway. */
export const ANSWER_RESCUES_MAX = 8;
/** RFC 6147 §5.1.7: of what is made of an A where nobody said how long there is no AAAA. */
export const DNS64_SECONDS_MAX = 600;
/** What is kept of what was learned over a restart; the rest is learned anew. */
export const LEARNED_FILE_BYTES_MAX = 256 * 1024 * 1024;
/** At a stop, for writing it; what is not written by then is learned anew. */
export const LEARNED_FILE_MS = 1_000;
/** RFC 6303 §3: the TTLs of zones that are served locally. */
export const LOCAL_ZONE_SECONDS = 10_800;
/** A hosts file may be edited at any time. */
export const HOSTS_SECONDS = 600;

// Access
/** Client addresses whose membership in a list of prefixes is remembered. */
export const PREFIX_MEMO_MAX = 4_096;

// Guard
/** Responses per second to one prefix of clients, for one thing answered (Knot DNS: 50; NSD: 200). */
export const RATE_LIMIT_PER_SECOND = 50;
/** What may come at once, in seconds' worth of responses: 125 at 50 a second, as Knot DNS has it. */
export const RATE_LIMIT_BURST_SECONDS = 2.5;
/** How far a flood can get into debt: so long after its end answers flow again (BIND: 15 s). */
export const RATE_LIMIT_WINDOW_MS = 15_000;
export const RATE_LIMIT_WINDOW_MS_MAX = 60_000;
export const RATE_LIMIT_PER_SECOND_MAX = 10_000;
/**
 * What a prefix gets of all kinds together, in multiples of the largest rate: 500 a second. BIND advises at
 * least four; a busy resolver without cookies asks one server some hundred times a second; and half of the
 * bytes of 50,000 forged queries a second pay for 500 answers of 1232 bytes.
 */
export const RATE_LIMIT_TOTAL_MULTIPLE = 10;
/** Every so many of the responses held back goes out truncated, so that a real client can turn to TCP. */
export const RATE_LIMIT_SLIP = 2;
export const RATE_LIMIT_SLIP_MAX = 10;
/** Rates watched at a time, 16 bytes each; a power of two. Beyond it the least busy are forgotten. */
export const RATE_LIMIT_BUCKETS = 262_144;
/** Two threads that charge one account may come in another order than they looked at the clock. */
export const RATE_LIMIT_SKEW_MS_MAX = 1_000;
/** The log tells of limited clients at most this often. */
export const RATE_LIMIT_QUIET_MS = 10_000;
/** RFC 9018 §4.3: how old a server cookie may be, and how far ahead a neighbour's clock. */
export const COOKIE_AGE_SECONDS_MAX = 3_600;
export const COOKIE_AHEAD_SECONDS_MAX = 300;
/** RFC 7873 §7.1: a secret is replaced at least every 36 days, better every day. */
export const COOKIE_SECRET_SECONDS = 86_400;
/** RFC 5001 leaves it open; every answer to who asks carries it. */
export const NSID_BYTES_MAX = 128;
/** An operator who knows the path may go this far (RFC 6891 §6.2.5). */
export const UDP_BYTES_CONFIGURABLE_MAX = 4_096;
/** RFC 8482 §4: what ANY gets over UDP, so that it is no lever. */
export const ANY_UDP_BYTES_MAX = 512;

// Tools
/** One `cairn query +trace`, which a human watches. */
export const TRACE_MS_MAX = 60_000;

// Process
export const DRAIN_MS_MAX = 5_000;

// Logs
/** Log lines that wait for a reader; more are dropped and counted, so that a full pipe stops no query. */
export const LOG_BYTES_MAX = 4 * 1024 * 1024;
/** At the end, for a reader of the log that has stopped reading. */
export const LOG_FLUSH_MS = 500;
/** One kind of bug is told once in this time, the others are counted. */
export const BUG_QUIET_MS = 10_000;
export const BUG_KINDS_MAX = 100;
/** Lines of one message told in a second; the others are counted. A complaint is its own message. */
export const LOG_LINES_PER_SECOND_MAX = 10;
export const LOG_MESSAGES_MAX = 1_000;
/** Queries waiting for the file or socket of the query log; beyond this they are dropped and counted. */
export const QUERY_LOG_BYTES_MAX = 4 * 1024 * 1024;
export const QUERY_LOG_BATCH_BYTES_MAX = 64 * 1024;
/** A file or socket that failed is tried again after this long, twice as long each time… */
export const QUERY_LOG_RETRY_MS_MIN = 250;
/** …up to this. */
export const QUERY_LOG_RETRY_MS_MAX = 30_000;
/** At the end, for what waits, and for saying that it ends. */
export const QUERY_LOG_CLOSE_MS = 1_000;
/** How often a FIFO that is full is tried. */
export const QUERY_LOG_FULL_MS = 50;
/** For the reader behind a socket to say that it wants dnstap, and to say goodbye. */
export const DNSTAP_ACCEPT_MS = 5_000;
export const DNSTAP_FINISH_MS = 500;
/** Frame Streams: a control frame is no longer than this (libfstrm's bound). */
export const CONTROL_FRAME_BYTES_MAX = 512;

// Watching
/** Keys of a sketch: whoever makes up more than one part in so many is among them. */
export const SKETCH_PLACES = 256;
/** What was met so long ago counts half: an operator asks who it is now, and not who it was yesterday. */
export const SKETCH_HALF_LIFE_MS = 60_000;
/** One query in such a time is laid into the sketches of its thread, and stands for all: some 2 µs. */
export const TALLY_SAMPLE_MS = 1;
/** Of a ranking, so many are told: more than a screen has lines. */
export const TOP_TOLD_MAX = 50;
/** One of the queries that are answered at once is timed each so often. */
export const LATENCY_SAMPLE_MS = 10;
/** Who asks for counters, at a time; each connection is asked once. */
export const HTTP_CLIENTS_MAX = 32;
export const HTTP_HEADER_BYTES_MAX = 8_192;
/** For the whole request, and for taking its answer. */
export const HTTP_REQUEST_MS = 5_000;
/** Who talks over the control socket, at a time. */
export const CONTROL_CLIENTS_MAX = 16;
/** A name of 255 bytes, written in escapes, and what is asked about it. */
export const CONTROL_REQUEST_BYTES_MAX = 4_096;
/** Without a byte either way; a question may take the time of a resolution, and more is nobody's patience. */
export const CONTROL_IDLE_MS = 30_000;
/** Inquiries of the control thread that the resolver thread has not answered, and its time for one. */
export const INQUIRIES_MAX = 32;
export const INQUIRY_MS_MAX = 10_000;
/** Other servers told of at a time. */
export const SERVERS_TOLD_MAX = 1_000;
/** Zones whose serials are told; of more, the first by the order of the catalogue. */
export const METRIC_ZONES_MAX = 1_000;
/** Pools told of one by one, in a dozen lines each; of more, the first by name, and the rest as one. */
export const METRIC_POOLS_MAX = 200;

// Operation
/**
 * Turns of the loop in which datagrams that had arrived before a stop are read, some 30 per socket and turn.
 */
export const UDP_SETTLE_TURNS_MAX = 100;
/** Local addresses are looked at this often: those that each have a door, and those that are ourselves. */
export const ADDRESS_RESCAN_MS = 10_000;
/**
 * A folder's events are a hint only; where they do not come (network and container mounts) we look this
 * often.
 */
export const ZONES_LOOK_MS = 10_000;
/** Files must lie still this long before they are read: a file being written is not a zone. */
export const ZONES_SETTLE_MS = 300;
/** A server that takes longer to answer itself is not pinged for, and systemd starts another. */
export const WATCHDOG_ANSWER_MS = 2_000;
/** The configuration file is read whole. */
export const CONFIG_BYTES_MAX = 1024 * 1024;

// Other servers
/** Over TCP, when nobody else is left: the kernel sends a lost SYN again after one second and three. */
export const LAST_TRY_MS = 3_200;
/** What comes later than that is welcome for so long, from servers that went from near to very far… */
export const LATE_ANSWER_MS = 3_000;
/** …while so many sockets at most are kept open for it: an eighth of all. */
export const LATE_ANSWERS_MAX = 256;
/** How long a silent server is left alone at most; it begins with a second and doubles. */
export const SILENCE_SECONDS_MAX = 300;
/** Silent again so many times, over some seven seconds, and it is dead: one try a question, few questions. */
export const SERVER_SILENCES_DEAD = 4;
/** Who was not heard of for so long is asked beside another, to learn how it does. */
export const SERVER_UNHEARD_SECONDS = 60;
/** Addresses of a family in a row without a route, or strangers without an answer: it has no way to any… */
export const FAMILY_STRANGERS_MAX = 4;
/** …for so long. */
export const FAMILY_DOUBTED_SECONDS = 60;
/** RFC 7873 §7.1: what we call ourselves towards one server changes daily. */
export const CLIENT_COOKIE_SECONDS = 86_400;
/** Answers in a row that do not fit over UDP; then TCP is asked at once. */
export const TRUNCATIONS_MAX = 4;
/** Walks that wait for one zone, at first: half of all (BIND's `fetches-per-zone`, off unless configured)… */
export const ZONE_WALKS_FIRST = RESOLUTIONS_MAX / 2;
/** …of whom so many ask at a time where nobody has answered yet; the others are in line… */
export const ZONE_WALKS_ASKING_FIRST = 64;
/** …few, while it is silent, and as many as it likes when it answers… */
export const ZONE_WALKS_MIN = 200;
/** …for each silence brings it nearer to the former, and each reply to the latter. */
export const ZONE_WALKS_PER_SILENCE = 8;
export const ZONE_WALKS_PER_REPLY = 2;
/** After one was full, it is asked for so long before a walk begins, which it spares, whether one is. */
export const ZONES_FULL_MS = 1_000;
/** Zones of which that is known. */
export const ZONES_WATCHED_MAX = 10_000;
/** Questions out to one server… */
export const SERVER_QUESTIONS_MAX = RESOLUTIONS_MAX;
/** …and to one that is dead. */
export const DEAD_SERVER_QUESTIONS_MAX = 32;
/**
 * Above half of all, what got no further for so long, and waits for no server that takes as long as ever,
 * gives way to a new one (Unbound's `jostle-timeout`); where there is no room at all, to one of a zone that
 * has less of it.
 */
export const GIVE_WAY_MS = 200;
/** The oldest ones are looked through for it. */
export const GIVE_WAY_LOOKS_MAX = 32;

// Rules
export const RULE_LISTS_MAX = 100;
/** Of one list: four times the largest that are in use. */
export const RULES_PER_LIST_MAX = 4_000_000;
/** What their names take, as they are looked up. */
export const RULE_NAMES_BYTES_MAX = 192 * 1024 * 1024;
/** Slots looked at for one name; names that would need more were chosen to collide. */
export const RULE_PROBES_MAX = 1_000;
/** A file of rules is read whole. */
export const RULE_FILE_BYTES_MAX = 256 * 1024 * 1024;
/** All IPv6 ones of them are an RRset that fits a datagram of 1,232 bytes: who blocks needs one or two. */
export const RULE_ADDRESSES_MAX = 32;
/** Of an answer that a list gives, unless configured: a client hears soon that it gives it no more. */
export const RULE_SECONDS = 60;

// Health checks
export const CHECKS_MAX = 1_000;
export const CHECK_INTERVAL_MS = 10_000;
/** Ten times a second is as soon as anybody's clients hear of it. */
export const CHECK_INTERVAL_MS_MIN = 100;
export const CHECK_INTERVAL_MS_MAX = 3_600_000;
export const CHECK_TIMEOUT_MS = 2_000;
export const CHECK_TIMEOUT_MS_MIN = 10;
export const CHECK_TIMEOUT_MS_MAX = 60_000;
/** Results in a row that bring a target back, and that take it out. */
export const CHECK_RISE = 2;
export const CHECK_FALL = 3;
export const CHECK_RESULTS_MAX = 100;
/** Of an interval: probes of many targets drift apart, and none comes sooner than that. */
export const CHECK_JITTER = 0.05;
/** Targets together, addresses by check: some 1 kB each. */
export const CHECK_TARGETS_MAX = 100_000;
/** Probes begun in a second, unless configured: twice what 10,000 targets need that are asked every 10 s… */
export const PROBES_PER_SECOND = 2_000;
export const PROBES_PER_SECOND_MAX = 100_000;
/** …as many at once as would be begun in this time… */
export const PROBES_BURST_MS = 50;
/** …and under way at a time. */
export const PROBES_AT_ONCE = 512;
export const PROBES_AT_ONCE_MAX = 16_384;
/** Probes begin together with those of the same moment: a thread that wakes once does the work of many. */
export const PROBE_MOMENT_MS = 20;
/** Read of a reply: some 4 kB of headers, and 4 kB of what was asked for; the rest is not waited for. */
export const PROBE_REPLY_BYTES_MAX = 8_192;
/** How long a probe's socket is left alone at most, if nothing happens. */
export const PROBE_LOOK_MS_MAX = 16;
/** Arguments of a program. */
export const CHECK_ARGUMENTS_MAX = 32;
/** A start waits so long at most for the first results. */
export const FIRST_ROUND_MS_MAX = 5_000;
/** Who fell so shortly before the last one was good until then: what fails at once is noticed one by one. */
export const LAST_GOOD_MS = 30_000;
/** Members that an operator holds. */
export const HOLDS_MAX = 10_000;
/** Pools of which it is told how a member stands that was held in all of them… */
export const HOLDS_TOLD_MAX = 20;
/** …and members named to whoever named one that is not there: of more, the nearest. */
export const MEMBERS_NAMED_MAX = 8;
/** The file that they are kept in. */
export const HOLDS_FILE_BYTES_MAX = 4 * 1024 * 1024;
/** Reports of others that outlive the prober: of every target that there may be. */
export const REPORTS_MAX = CHECK_TARGETS_MAX;
/** Targets told of at a time. */
export const TARGETS_TOLD_MAX = 10_000;
/** How often it is looked whether hosts with checks have other addresses. Then all plans are read… */
export const HOST_VIEWS_LOOK_MS = 1_000;
/** …so where that takes long, it is looked so many times as long after it at the soonest. */
export const HOST_VIEWS_REST = 20;
/** Zones that change more often than this are looked at together: all plans are read. */
export const HEALTH_FOLLOW_MS = 100;
/** Who holds a member is told so when answers follow it, which is looked for so often and so long. */
export const HOLD_LOOK_MS = 20;
export const HOLD_MS_MAX = 5_000;
/** Clients that a rehearsal chooses for: as many unless it is told, and at most… */
export const REHEARSED_CLIENTS = 20_000;
export const REHEARSED_CLIENTS_MAX = 200_000;
/** …so many before others have their turn; and the file that says who they are. */
export const REHEARSED_AT_ONCE = 500;
export const REHEARSED_FILE_BYTES_MAX = 16 * 1024 * 1024;
/** Changes of targets that the log is told of at a time; more are counted. */
export const HEALTH_NOTES_MAX = 100;

assert(CHECK_TIMEOUT_MS < CHECK_INTERVAL_MS, 'a probe has ended before the next one');
// Places
/** A database is read whole: several times the largest that are sold. */
export const PLACE_FILE_BYTES_MAX = 1024 * 1024 * 1024;
/** Ranges of one family: twice those of a whole database of cities. */
export const PLACE_RANGES_MAX = 2 ** 23;
/** Values of a database read in all: a damaged one ends within seconds. */
export const PLACE_VALUES_MAX = 1_000_000_000;
/** Maps in maps: a place has three or four. */
export const PLACE_DEPTH_MAX = 16;

assert(
  ARENA_BYTES_MAX >= 12 + 65_535 + (ALIAS_HOPS_MAX + 1) * (12 + 2 + 255),
  'the arena holds all of an answer',
);
assert(LEARNED_FILE_MS < FRONT_FOLLOW_MS_MAX, 'a thread that writes while it ends is not ended for it');
assert(10 * FRONT_WAKE_MS <= FRONT_FOLLOW_MS_MAX, 'a front looks up often before it is taken for stuck');
assert(UDP_BYTES_CONFIGURABLE_MAX <= UDP_QUERY_BYTES_MAX, 'what we say that we take, we take');
assert(UDP_PLAIN_BYTES_MAX <= UDP_BYTES_MAX && UDP_BYTES_MAX < MESSAGE_BYTES_MAX, 'sizes grow with trust');
assert(RESOLUTION_MS_MAX < INQUIRY_MS_MAX && INQUIRY_MS_MAX < CONTROL_IDLE_MS, 'who asks why is told');
assert(SUBQUESTION_DEPTH_MAX < UPSTREAM_QUERIES_MAX, 'depth must run out before breadth');
assert(UPSTREAM_QUERIES_PER_NAME_MAX < UPSTREAM_QUERIES_MAX, 'one name may not spend it all');
assert(2 * MINIMISED_STEPS_MAX < UPSTREAM_QUERIES_PER_NAME_MAX, 'a long name shown in steps is still found');
assert(2 * HOST_QUESTIONS_MAX < ZONE_WALKS_MIN, 'hosts of pools leave any zone room for clients');
assert(RESOLUTIONS_MAX < CLIENTS_WAITING_MAX, 'every question in flight may have its client');
assert(STALE_WAIT_MS < CLIENT_MS_MAX, 'an expired answer comes before none');
assert(WAITERS_PER_QUESTION_MAX < CLIENTS_WAITING_MAX, 'one question leaves room for others');
assert(WAITING_PER_CLIENT_MAX <= WAITING_PER_KNOWN_CLIENT_MAX, 'who is known may ask for more');
assert(CLIENT_MS_MAX <= RESOLUTION_MS_MAX, 'the client gives up before the work does');
assert(FIRST_TRY_MS < TRY_MS_MAX && TRY_MS_MAX < CLIENT_MS_MAX, 'a client outlives one silent server');
assert(TRIES_PER_SERVER_MAX * FORWARD_TRY_MS_MIN < CLIENT_MS_MAX, 'a client outlives a silent forwarder');
assert(TRY_MS_MIN <= FIRST_TRY_MS, 'a stranger gets no less time than a friend');
assert(
  ASKS_PER_ZONE_MAX * FIRST_TRY_MS < CLIENT_MS_MAX,
  'a whole zone of silent servers ends in client time',
);
assert(4 * ANSWER_BYTES_MAX <= ANSWER_MEMORY_BYTES_MIN, 'the smallest answer cache holds several answers');
assert(TCP_CLIENTS_PER_ADDRESS_MAX < TCP_CLIENTS_MAX, 'one address may not take every connection');
assert(CACHE_NEGATIVE_SECONDS_MAX <= CACHE_TTL_SECONDS_MAX, 'what is not ages faster than what is');
assert(FAILURE_SECONDS_MIN >= 1 && FAILURE_SECONDS_MAX <= 300, 'RFC 9520 §3.2');
assert(ALIAS_HOPS_MAX < REPLY_RRSETS_MAX, 'a whole chain fits a reply');
assert(TCP_SWEEP_MS < TCP_FIRST_MESSAGE_MS, 'deadlines are looked at before they are long past');
assert(
  RATE_LIMIT_BURST_SECONDS * 1e6 + RATE_LIMIT_WINDOW_MS_MAX * 1e3 < 2 ** 31,
  'a debt in microseconds fits its word',
);
assert(COOKIE_AGE_SECONDS_MAX <= COOKIE_SECRET_SECONDS, 'a cookie outlives at most one change of secrets');
assert(
  2 * ZONE_WALKS_FIRST <= RESOLUTIONS_MAX && ZONE_WALKS_MIN < ZONE_WALKS_FIRST,
  'a zone leaves room for others',
);
assert(
  LATE_ANSWERS_MAX + ZONE_WALKS_FIRST < UPSTREAM_SOCKETS_MAX,
  'one silent zone does not take all sockets',
);
