#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "btf/kind.h"

namespace ikfs::btf {

/**
 * Finds which of some types are the same. Two are when their words are, but for what they refer to, and what
 * they refer to is the same again, in whatever circles they do: the coarsest such partition, found exactly,
 * by splitting classes of types that look alike until each one's members refer to the same classes. Takes
 * time and memory for the words and, times the logarithm of the count, the references.
 * @param words of all types, names being alike where their words are
 * @param starts where each type begins in `words`
 * @param first what refers to such a type is `first` and more: the number of the type in `starts` above it;
 * below are others, each the same as itself only. Reaches no further than the last of the types
 * @returns for each type the first that is the same, by its number in `starts`
 */
std::vector<std::uint32_t> first_of_same(std::span<const std::uint32_t> words,
                                         std::span<const std::uint32_t> starts, TypeId first);

}  // namespace ikfs::btf
