#include "runtime/trace/hash_bytes.h"

#include <bit>
#include <cstring>

namespace wattlaw {
namespace {

constexpr uint64_t kPrime1 = 0x9E3779B185EBCA87u, kPrime2 = 0xC2B2AE3D27D4EB4Fu, kPrime3 = 0x165667B19E3779F9u,
                   kPrime4 = 0x85EBCA77C2B2AE63u, kPrime5 = 0x27D4EB2F165667C5u;

template <class Word>
Word read_word(const unsigned char* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

uint64_t stir(uint64_t lane, uint64_t word) { return std::rotl(lane + word * kPrime2, 31) * kPrime1; }

void stir_block(uint64_t* lane, const unsigned char* bytes) {
  for (int i = 0; i < 4; ++i) lane[i] = stir(lane[i], read_word<uint64_t>(bytes + 8 * i));
}

}  // namespace

void HashBytes::add(const char* bytes, size_t size) {
  const auto* at = reinterpret_cast<const unsigned char*>(bytes);
  size_ += size;
  if (rest_size_ + size < 32) {
    std::memcpy(rest_ + rest_size_, at, size);
    rest_size_ += size;
    return;
  }
  if (rest_size_ > 0) {
    const size_t taken = 32 - rest_size_;
    std::memcpy(rest_ + rest_size_, at, taken);
    stir_block(lane_, rest_);
    at += taken;
    size -= taken;
  }
  uint64_t lane[4] = {lane_[0], lane_[1], lane_[2], lane_[3]};
  for (; size >= 32; at += 32, size -= 32) stir_block(lane, at);
  for (int i = 0; i < 4; ++i) lane_[i] = lane[i];
  std::memcpy(rest_, at, size);
  rest_size_ = size;
}

uint64_t HashBytes::value() const {
  uint64_t hash = kPrime5;
  if (size_ >= 32) {
    hash = std::rotl(lane_[0], 1) + std::rotl(lane_[1], 7) + std::rotl(lane_[2], 12) + std::rotl(lane_[3], 18);
    for (uint64_t lane : lane_) hash = (hash ^ stir(0, lane)) * kPrime1 + kPrime4;
  }
  hash += size_;
  const unsigned char* at = rest_;
  size_t left = rest_size_;
  for (; left >= 8; at += 8, left -= 8) hash = std::rotl(hash ^ stir(0, read_word<uint64_t>(at)), 27) * kPrime1 + kPrime4;
  if (left >= 4) {
    hash = std::rotl(hash ^ read_word<uint32_t>(at) * kPrime1, 23) * kPrime2 + kPrime3;
    at += 4;
    left -= 4;
  }
  for (; left > 0; ++at, --left) hash = std::rotl(hash ^ *at * kPrime5, 11) * kPrime1;
  hash = (hash ^ hash >> 33) * kPrime2;
  hash = (hash ^ hash >> 29) * kPrime3;
  return hash ^ hash >> 32;
}

std::string HashBytes::hex() const {
  std::string text(16, '0');
  uint64_t rest = value();
  for (int i = 15; i >= 0; --i, rest >>= 4) text[static_cast<size_t>(i)] = "0123456789abcdef"[rest & 15];
  return text;
}

}  // namespace wattlaw
