// usage_words: the grammar in the words of a person, for messages of explain_error. Private to compiler/syntax.
#pragma once
#include <cstddef>

namespace wattlaw {

// How a construct is written: "a step is written `from 2 kW => 1200 NOK per year`"; null for a rule that has no entry.
const char* usage_of(size_t rule);
// What a token is called: "a time such as 17:00"; null for one that is spelled as it is.
const char* token_in_words(size_t type);

}  // namespace wattlaw
