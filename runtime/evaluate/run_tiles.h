// run_tiles: a Program over all tiles, each on one thread, tile by tile. Deterministic for any number of threads: tiles share nothing.
#pragma once
#include <functional>

#include "runtime/abi/program.h"

namespace wattlaw {

// Called after each tile on the thread that computed it; `arrays` as the kernels saw them.
using TileDone = std::function<void(uint32_t tile, unsigned thread, void* const* arrays)>;

void run_tiles(const Program& program, unsigned threads, const TileDone& done);

}  // namespace wattlaw
