/*
 * Inputs for fuse_dispatcher.cc to begin with: a well-formed request of each opcode, and rows of requests that
 * wait and are answered. The nodes are those of test/nodes.h.
 */

const [lookup, forget, getattr, readlink, read, init] = [1, 2, 3, 5, 15, 26];
const [readdir, interrupt, batchForget, readdirplus] = [28, 36, 42, 44];
const [root, hello, link, later, unlisted, live, broken] = [1, 3, 4, 5, 6, 7, 8];

/** Numbers of 4 bytes in the byte order of most machines; another order makes seeds that are merely worse. */
function words(...numbers) {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, index) => bytes.writeUInt32LE(number >>> 0, 4 * index));
  return bytes;
}

/** A step that sends a request; its length and unique are filled in by the target. */
function request(opcode, node, body = Buffer.alloc(0)) {
  const message = Buffer.concat([words(0, opcode, 0, 0, node, 0, 0, 0, 0, 0), body]);
  return Buffer.concat([Buffer.from([0, message.length & 0xff, message.length >> 8]), message]);
}

const resume = (node, need, error) => Buffer.from([5, node, need, error]);
const publish = (node, what) => Buffer.from([6, node, what]);
const close = Buffer.from([7]);
const name = (text) => Buffer.from(`${text}\0`);
const range = (offset, size) => words(0, 0, offset, 0, size, 0, 0, 0, 0, 0);

const [names, settled, renewed, repaired] = [0, 1, 2, 3];

/** The inputs. */
export function fuseRequests() {
  const single = [
    request(init, 0, words(7, 41, 0x20000, 0xffffffff)),
    request(init, 0, words(7, 12, 0, 0)),
    request(init, 0, words(8, 0, 0, 0)),
    request(lookup, root, name('hello')),
    request(lookup, root, name('absent')),
    request(forget, hello, words(1, 0)),
    request(batchForget, 0, words(1, 0, hello, 0, 1, 0)),
    request(getattr, root, words(0, 0, 0, 0)),
    request(readlink, link),
    request(read, hello, range(0, 4096)),
    request(read, hello, range(3, 0)),
    request(read, broken, range(0, 4096)),
    request(readdir, root, range(0, 4096)),
    request(readdirplus, root, range(2, 200)),
    request(interrupt, 0, words(2, 0)),
  ];
  for (let opcode = 0; opcode <= 53; ++opcode) single.push(request(opcode, hello, Buffer.alloc(40)));
  const rows = [
    [request(lookup, unlisted, name('a')), publish(unlisted, 3), resume(unlisted, names, 0)],
    [request(lookup, root, name('later')), request(interrupt, 0, words(2, 0)), resume(later, settled, 0)],
    [request(lookup, root, name('later')), publish(later, 15), resume(later, settled, 0)],
    [request(getattr, live), publish(live, 5), resume(live, renewed, 0)],
    [request(read, later, range(0, 64)), resume(later, settled, 61)],
    // A whole directory, looked into twice; a file that is damaged.
    [publish(unlisted, 131), request(lookup, unlisted, name('hello')), request(lookup, unlisted, name('a'))],
    [publish(hello, 134), request(read, hello, range(0, 64)), resume(hello, repaired, 0)],
    [request(readdir, unlisted, range(0, 512)), close, request(readdirplus, unlisted, range(0, 512))],
  ];
  return [...single, ...rows.map((row) => Buffer.concat(row))];
}
