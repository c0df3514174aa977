import { decompress as fromZstd } from "fzstd";
import kafkajs from "kafkajs";
import lz4 from "lz4js";
import snappy from "snappyjs";

// Node finds only some of this CommonJS module's names.
const { CompressionCodecs, CompressionTypes } = kafkajs;

/**
 * Adds the compression formats that kafkajs lacks and other producers use: one such message would stop the reading. The
 * decoders are plain JavaScript, so that they fit into a Node task. We send GZIP, so encoders are not needed.
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

/** Java clients split Snappy data into blocks, each after its length, behind a header of 16 bytes. */
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
