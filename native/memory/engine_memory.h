#pragma once

namespace ikfs {

/**
 * Tells the JavaScript engine that memory is short: it collects all garbage it can find, and gives back
 * memory that it keeps for young objects and code it has not run of late. Called on JavaScript's thread;
 * takes some 50 ms.
 *
 * Node-API has no such call. The engine's own is looked up by name in the running program, so that the addon
 * goes on to load into every Node.
 * @returns whether the engine has such a call
 */
bool collect_all_garbage();

}  // namespace ikfs
