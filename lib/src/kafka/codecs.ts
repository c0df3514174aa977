import { decompress as fromZstd } from "fzstd";
import kafkajs from "kafkajs";
import lz4 from "lz4js";
import snappy from "snappyjs";

// Of this CommonJS module Node sees some names only.
const { CompressionCodecs, CompressionTypes } = kafkajs;

/**
 * Other producers compress by what kafkajs leaves out, and one such message would end the reading. Their decoders are in
 * plain JavaScript, so that a Node task carries them. We send GZIP, so nothing is encoded.
 */
export function installCodecs(): void {
  CompressionCodecs[CompressionTypes.Snappy] = decoder((data) =>
    isXerial(data) ? fromXerial(data) : Buffer.from(snappy.uncompress(data)),
  );
  CompressionCodecs[CompressionTypes.LZ4] = decoder((data) => Buffer.from(lz4.decompress(data)));
  CompressionCodecs[CompressionTypes.ZSTD] = decoder((data) => Buffer.from(fromZstd(data)));
}

const decoder = (decompress: (data: Buffer) => Buffer) => () => ({
  decompress: async (data: Buffer) => decompress(data),
  compress: async () => {
    throw new Error("Only reading is supported: send with GZIP.");
  },
});

/** Java's clients cut Snappy data into blocks, each with its length before it, after a header of 16 bytes. */
const xerial = Buffer.from([130, 83, 78, 65, 80, 80, 89, 0]);
const isXerial = (data: Buffer) => data.subarray(0, xerial.length).equals(xerial);

function fromXerial(data: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 16; at < data.length;) {
    const length = data.readUInt32BE(at);
    blocks.push(Buffer.from(snappy.uncompress(data.subarray(at + 4, at + 4 + length))));
    at += 4 + length;
  }
  return Buffer.concat(blocks);
}
