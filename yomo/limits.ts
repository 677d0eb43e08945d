/** Every figure of the YoMo client in one place, with its reason. */

/** The protocol's version: a zipper compares it by its letters and refuses every other. */
export const PROTOCOL_VERSION = '2024-01-03';

/** The application protocol in the TLS handshake. */
export const ALPN = 'yomo';

/** The code of every QUIC application close in YoMo, whatever the reason; the reason is a text beside it. */
export const CLOSE_CODE = 0x13;

/** Tags that YoMo keeps for itself: a zipper ends the connection of whoever writes one. */
export const FIRST_RESERVED_TAG = 0xf000;
export const LAST_RESERVED_TAG = 0xffff;

/** A tag is written as 32 bits without a sign. */
export const MAX_TAG = 2 ** 32 - 1;

/** The length of a packet is a signed number of 32 bits. */
export const MAX_PACKET_LENGTH = 2 ** 31 - 1;

/**
 * Bytes of a whole frame. YoMo itself sets no limit; whoever can write to a zipper could otherwise fill the memory of
 * everyone who observes the tag. As much as a wasm-function may give back.
 */
export const MAX_FRAME_LENGTH = 16 * 1024 * 1024;

/** Packets in a frame, which has nine kinds of fields at most: the rest is room for fields that are not known yet. */
export const MAX_FRAME_FIELDS = 1000;

/** Entries of a frame's metadata; YoMo's own are about ten. */
export const MAX_METADATA_ENTRIES = 10_000;

/** Names of a sink's metadata that it warns of because they are no texts: a message may bring any number of them. */
export const MAX_METADATA_WARNINGS = 10;

/**
 * Milliseconds without a packet of the zipper after which it counts as gone. A zipper has the same 5 s for its clients,
 * and the smaller of both is what QUIC agrees on.
 */
export const IDLE_TIMEOUT = 5000;

/** Milliseconds between packets that keep the connection alive: three of them fit into the zipper's idle time. */
export const KEEP_ALIVE = 1500;

/**
 * Milliseconds within which all clients of a zipper notice that it has fallen silent, from the first of them on: each
 * counts the silence from its next packet, which may be one that keeps alive; the rest is for a busy machine.
 */
export const NOTICE_SPREAD = KEEP_ALIVE + 500;

/**
 * Milliseconds a client that is connected waits for the stream functions beside it, and between two looks: as long as they
 * may take to notice a loss, and then to try again and have the handshake.
 */
export const JOIN_PATIENCE = 5000;
export const JOIN_LOOK = 20;

/** Milliseconds a connection, and then the zipper's answer to the handshake, may take. */
export const DIAL_TIMEOUT = 10_000;
export const HANDSHAKE_TIMEOUT = 10_000;

/** Bytes of a file with certificates: an authority's has some thousand, a list of all public ones 250,000. */
export const MAX_CERTIFICATE_FILE = 1024 * 1024;

/** Zippers that may send a client on one after the other; more is taken for a circle. */
export const MAX_REDIRECTS = 5;

/** Milliseconds before the second attempt, doubling up to the longest; each is shortened by up to a half at random. */
export const FIRST_RETRY = 500;
export const LONGEST_RETRY = 30_000;

/** Milliseconds a connection must last for the next attempt to come as soon as after the first loss. */
export const STABLE_AFTER = 10_000;

/** Bytes that wait to be written at most, connected or not: what a small gateway can spare for one client. */
export const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** What a waiting frame takes besides its bytes, roughly. */
export const WAITING_FRAME_COST = 512;

/** Bytes of small frames that are written at once: each write costs a turn of the event loop and a packet. */
export const WRITE_SIZE = 64 * 1024;

/** Characters of a reason that another computer gave: it goes into logs and the editor. */
export const MAX_REASON_LENGTH = 300;

/** Bytes that are read from QUIC at once. */
export const READ_SIZE = 64 * 1024;

/**
 * Bytes between the thread of QUIC and the nodes behind a source at most, before no more is read, and so what a flow is
 * given in one turn of the event loop: everything else in Node-RED waits for the end of it.
 */
export const READ_AHEAD = 512 * 1024;

/** Packets that are sent at once, before what has come is looked at: some 90 fit into the other end's socket as systems are. */
export const PACKETS_AT_ONCE = 64;

/** Bytes that a socket is to hold in either direction; systems give less, and mostly more than without asking. */
export const SOCKET_BUFFER = 2 * 1024 * 1024;

/** Milliseconds a client that is closed gives the transport to take what waits. */
export const DRAIN_TIMEOUT = 3000;

/**
 * Milliseconds between the last frame and the end of its connection. Nothing tells whether a zipper has read a frame, and
 * it reads nothing more once it knows that the connection is closed. On a busy machine 100 are too few.
 */
export const LINGER = 250;

/** Milliseconds that the packets of a close are given to leave, and the other end to say more than that a stream ended. */
export const CLOSE_TIME = 200;

/** Bytes of the reason in a close, which lies in one packet of 1200 bytes with other things. */
export const MAX_CLOSING_LENGTH = 500;

/** The same for protocol v2, which shares nothing with v1 but QUIC. */
export const ALPN_V2 = 'yomo-v2';

/** Milliseconds of silence, as a zipper of v2 has it. */
export const IDLE_TIMEOUT_V2 = 10_000;

/** Bytes of a frame of v2 without its length: a zipper takes no more. */
export const MAX_V2_FRAME_LENGTH = 4 * 1024 * 1024;

/** Bytes of a body that comes in several frames: as much as a frame of v1. */
export const MAX_V2_BODY_LENGTH = MAX_FRAME_LENGTH;

/** The code with which a zipper of v2 closes a connection because another client has registered its name. */
export const REPLACED_CODE = 1;

/** Milliseconds a flow is given to answer a request. */
export const ANSWER_TIMEOUT = 60_000;

/** Milliseconds a called tool is given: longer, so that what another flow says of its own time-out comes first. */
export const CALL_TIMEOUT = 65_000;

/**
 * Calls of one client on their way at once, each on a stream of its own; the others wait for their turn. A zipper takes 1000
 * streams, but a tool of this package 500 requests (MAX_REQUESTS) of all its callers: one of them leaves room for others.
 */
export const MAX_CALLS = 100;

/** Characters of the text of a refusal, which goes into the other end's log or answer. */
export const MAX_REFUSAL_LENGTH = 2000;

/**
 * Streams that a zipper may open at once, as YoMo's own clients allow. More than requests are taken: beyond those each is
 * told that there is no room, where it would wait in the zipper for a stream without a word.
 */
export const MAX_STREAMS = 1000;

/** Requests that a tool has at once, whole or not. */
export const MAX_REQUESTS = 500;

/** Bytes of all of them, heads and bodies: what a small gateway can spare for one tool. */
export const MAX_REQUEST_BYTES = 64 * 1024 * 1024;

/** Milliseconds a request may take until it is whole: 16 MiB at five megabits a second. */
export const REQUEST_TIMEOUT = 30_000;

/**
 * Milliseconds between telling the other end that nothing more is read and ending a stream. QUIC (quiche 0.18) gives a
 * stream free only with the acknowledgement of its last bytes, and only where the other direction has ended by then.
 */
export const STOP_TIME = 100;
