// Arrays in npz files, without packages: npy files stored one after the other in a zip archive, little-endian.
import { readFileSync, writeFileSync } from "node:fs";

const TYPES = { "<f8": Float64Array, "<f4": Float32Array, "<i8": BigInt64Array };
const readNpy = (npy) => {
  const start = 10 + npy.readUInt16LE(8);
  const header = npy.toString("latin1", 10, start);
  const type = header.match(/'descr': '([^']*)'/)[1];
  if (header.includes("'fortran_order': True")) throw new Error("arrays must be in C order");
  const shape = header.match(/'shape': \(([^)]*)\)/)[1].split(",").filter((length) => length.trim()).map(Number);
  const copy = new Uint8Array(npy.subarray(start)); // which is aligned
  return { type, shape, data: TYPES[type] ? new TYPES[type](copy.buffer) : null };
};
export const writeNpy = (descr, shape, data) => {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.map((n) => `${n}, `).join("")}), }`;
  const padded = `${header.padEnd(header.length + 63 - (header.length + 10) % 64)}\n`;
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded.length % 256, padded.length >> 8]);
  return Buffer.concat([start, Buffer.from(padded), Buffer.from(TYPES[descr].from(data).buffer)]);
};
export const readNpz = (file) => {
  const zip = readFileSync(file);
  const arrays = new Map();
  for (let at = 0; zip.readUInt32LE(at) === 0x04034b50;) {
    const name = zip.toString("utf8", at + 30, at + 30 + zip.readUInt16LE(at + 26));
    const start = at + 30 + zip.readUInt16LE(at + 26) + zip.readUInt16LE(at + 28);
    at = start + zip.readUInt32LE(at + 18);
    arrays.set(name.slice(0, -4), readNpy(zip.subarray(start, at)));
  }
  return arrays;
};
const littleEndian = (...fields) => Buffer.concat(fields.map(([value, size]) => {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntLE(value, 0, size);
  return bytes;
}));
const crc32 = (bytes) => {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
};
export const writeNpz = (file, members) => { // members: [name, bytes of the npy file]
  const [parts, directory] = [[], []];
  let offset = 0;
  for (const [name, npy] of members) {
    const head = littleEndian([20, 2], [0, 6], [33, 2], [crc32(npy), 4], [npy.length, 4], [npy.length, 4],
      [name.length, 4]);
    directory.push(littleEndian([0x02014b50, 4], [20, 2]), head, Buffer.alloc(10), littleEndian([offset, 4]),
      Buffer.from(name));
    parts.push(littleEndian([0x04034b50, 4]), head, Buffer.from(name), npy);
    offset += 30 + name.length + npy.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const count = members.length;
  writeFileSync(file, Buffer.concat([...parts, ...directory,
    littleEndian([0x06054b50, 4], [0, 4], [count, 2], [count, 2], [size, 4], [offset, 4], [0, 2])]));
};
