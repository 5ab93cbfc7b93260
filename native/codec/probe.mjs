// probe.mjs NAME: prints 1 where a C++ program that uses that library compiles and links, else 0, for binding.gyp.
import { hasLibrary } from './libraries.mjs';

console.log(hasLibrary(process.argv[2]) ? 1 : 0);
