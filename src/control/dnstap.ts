/**
 * A query and its response as dnstap messages (dnstap.proto of dnstap.info, whose field numbers stand here):
 * AUTH_QUERY and AUTH_RESPONSE where we are the authority, CLIENT_QUERY and CLIENT_RESPONSE for the rest. In
 * goes what was seen, borrowed; out come two frames, owned.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { IPV4_BYTES } from '../base/ip.ts';
import { Path, type Sighting } from '../server/observer.ts';
import { contentFrame } from './frame-streams.ts';

const Dnstap = { IDENTITY: 1, VERSION: 2, MESSAGE: 14, TYPE: 15 } as const;
const DNSTAP_MESSAGE = 1;

const Message = {
  TYPE: 1,
  SOCKET_FAMILY: 2,
  SOCKET_PROTOCOL: 3,
  QUERY_ADDRESS: 4,
  RESPONSE_ADDRESS: 5,
  QUERY_PORT: 6,
  RESPONSE_PORT: 7,
  QUERY_TIME_SEC: 8,
  QUERY_TIME_NSEC: 9,
  QUERY_MESSAGE: 10,
  RESPONSE_TIME_SEC: 12,
  RESPONSE_TIME_NSEC: 13,
  RESPONSE_MESSAGE: 14,
} as const;

const MessageType = { AUTH_QUERY: 1, AUTH_RESPONSE: 2, CLIENT_QUERY: 5, CLIENT_RESPONSE: 6 } as const;
const Family = { INET: 1, INET6: 2 } as const;
const Protocol = { UDP: 1, TCP: 2 } as const;

/** Who speaks. */
export interface Speaker {
  readonly identity: string | undefined;
  readonly version: string;
}

export function dnstapFrames(seen: Sighting, speaker: Speaker): Uint8Array {
  const isOurs = seen.path === Path.AUTHORITATIVE;
  const beganMs = seen.wallMs - seen.ms;
  const asked = peer(isOurs ? MessageType.AUTH_QUERY : MessageType.CLIENT_QUERY, seen);
  putTime(asked, Message.QUERY_TIME_SEC, beganMs);
  putBytes(asked, Message.QUERY_MESSAGE, seen.query.packet.subarray(0, seen.query.length));
  const answered = peer(isOurs ? MessageType.AUTH_RESPONSE : MessageType.CLIENT_RESPONSE, seen);
  putTime(answered, Message.QUERY_TIME_SEC, beganMs);
  putTime(answered, Message.RESPONSE_TIME_SEC, seen.wallMs);
  putBytes(answered, Message.RESPONSE_MESSAGE, seen.out.subarray(0, seen.length));
  return Buffer.concat([envelope(asked, speaker), envelope(answered, speaker)]);
}

function peer(type: number, { client }: Sighting): BinaryWriter {
  const message = new BinaryWriter();
  putNumber(message, Message.TYPE, type);
  const isV4 = client.address.length === IPV4_BYTES;
  putNumber(message, Message.SOCKET_FAMILY, isV4 ? Family.INET : Family.INET6);
  putNumber(message, Message.SOCKET_PROTOCOL, client.transport === 'udp' ? Protocol.UDP : Protocol.TCP);
  const { address, port, local } = client;
  putBytes(message, Message.QUERY_ADDRESS, address);
  if (local !== undefined) putBytes(message, Message.RESPONSE_ADDRESS, local.address);
  putNumber(message, Message.QUERY_PORT, port);
  if (local !== undefined) putNumber(message, Message.RESPONSE_PORT, local.port);
  return message;
}

function envelope(message: BinaryWriter, { identity, version }: Speaker): Uint8Array {
  const dnstap = new BinaryWriter();
  if (identity !== undefined) putBytes(dnstap, Dnstap.IDENTITY, Buffer.from(identity));
  putBytes(dnstap, Dnstap.VERSION, Buffer.from(version));
  putBytes(dnstap, Dnstap.MESSAGE, message.finish());
  putNumber(dnstap, Dnstap.TYPE, DNSTAP_MESSAGE);
  return contentFrame(dnstap.finish());
}

function putNumber(writer: BinaryWriter, field: number, value: number): void {
  writer.tag(field, WireType.Varint).uint32(value);
}

function putBytes(writer: BinaryWriter, field: number, bytes: Uint8Array): void {
  writer.tag(field, WireType.LengthDelimited).bytes(bytes);
}

/** Seconds, and in the field behind it nanoseconds. */
function putTime(writer: BinaryWriter, secondsField: number, ms: number): void {
  const seconds = Math.floor(ms / 1000);
  const ns = Math.min(999_999_999, Math.round(1e6 * (ms - 1000 * seconds)));
  writer.tag(secondsField, WireType.Varint).uint64(seconds);
  writer.tag(secondsField + 1, WireType.Bit32).fixed32(ns);
}
