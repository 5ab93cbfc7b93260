#pragma once

#include "keeper/client.h"

namespace ikfs::keeper {

/** The keeper that this process was started with, null when there is none. The first call decides. */
Client* own_keeper();

}  // namespace ikfs::keeper
