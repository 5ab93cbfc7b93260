// Prints 1 where a C++ program that uses liblzma compiles and links, else 0. binding.gyp runs this.
import { hasLzma } from './toolchain.mjs';

console.log(hasLzma() ? 1 : 0);
