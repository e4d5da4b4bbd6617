// WATTLAW_ASSERT: our own bug, never reachable from a user's input. Prints and ends with exit status 5.
#pragma once
#include <cstdio>
#include <cstdlib>

#define WATTLAW_ASSERT(condition, expectation)                                                                   \
  do {                                                                                                           \
    if (!(condition)) {                                                                                          \
      std::fprintf(stderr, "wattlaw: internal error at %s:%d: %s (%s)\n", __FILE__, __LINE__, expectation, #condition); \
      std::fflush(stderr);                                                                                       \
      std::_Exit(5);                                                                                             \
    }                                                                                                            \
  } while (false)
