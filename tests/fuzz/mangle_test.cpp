// Every reader against mangled answers, without a fuzzer: truncated at every byte, every value of another type, bytes
// flipped, not UTF-8, nested too deep, too large, a web page, nothing. A reader may refuse, with bad_response and the
// request's name; it may not throw, crash, or call the fault its own.
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/random.h"
#include "tests/fuzz/targets.h"

namespace cosell::fuzz {

void PrintTo(const Target& target, std::ostream* out) { *out << target.name; }

namespace {

std::string name_of_reader(const testing::TestParamInfo<Target>& reader) { return reader.param.name; }

class Mangled : public testing::TestWithParam<Target> {
 protected:
  void read(const std::string& input) { ASSERT_EQ(complaint(GetParam(), input), "") << input.substr(0, 300); }

  const std::string& example() const { return GetParam().example; }
};
INSTANTIATE_TEST_SUITE_P(Readers, Mangled, testing::ValuesIn(targets()), name_of_reader);

TEST_P(Mangled, AnExampleIsUnderstood) {
  const auto error = GetParam().read(example());
  EXPECT_FALSE(error.has_value()) << error->message;
}

TEST_P(Mangled, TruncatedAtEveryByte) {
  for (std::size_t n = 0; n < example().size(); ++n) read(example().substr(0, n));
}

TEST_P(Mangled, EveryByteReplaced) {
  for (std::size_t n = 0; n < example().size(); ++n) {
    for (const char c : {'\0', '"', '{', ']', '\xff', '\xc3', '\n', '9'}) {
      std::string input = example();
      input[n] = c;
      read(input);
    }
  }
}

// A copy of the tree in which the n-th value (counted depth first) is another one; false when there are fewer.
bool replace_nth(const json::Value& from, std::size_t& n, const json::Value& other, json::Value& out) {
  if (n-- == 0) {
    out = other;
    return true;
  }
  bool done = false;
  if (from.is_object()) {
    out = json::Value::object();
    for (const json::Member& m : from.members()) {
      json::Value value = m.value;
      done = (!done && replace_nth(m.value, n, other, value)) || done;
      out.set(m.key, std::move(value));
    }
  } else if (from.is_array()) {
    out = json::Value::array();
    for (const json::Value& item : from.items()) {
      json::Value value = item;
      done = (!done && replace_nth(item, n, other, value)) || done;
      out.append(std::move(value));
    }
  } else {
    out = from;
  }
  return done;
}

TEST_P(Mangled, EveryValueOfAnotherType) {
  const auto root = json::read(example());
  if (!root) GTEST_SKIP() << "is not JSON";
  std::vector<json::Value> others = {json::Value::null(),          json::Value::boolean(true),
                                     json::Value::number("1e400"), json::Value::number("-9223372036854775809"),
                                     json::Value::string(""),      json::Value::string("\xc3\xa4\xf0\x9f\x98\x80"),
                                     json::Value::array(),         json::Value::object()};
  others.push_back(json::Value::array());
  others.back().append(json::Value::array());
  for (const json::Value& other : others) {
    for (std::size_t nth = 0;; ++nth) {
      std::size_t n = nth;
      json::Value mangled;
      if (!replace_nth(*root, n, other, mangled)) break;
      read(json::write(mangled));
    }
  }
}

TEST_P(Mangled, NothingAndNonsense) {
  const std::string deep(100'000, '[');
  for (const std::string& input :
       {std::string(), std::string(" \n"), std::string("null"), std::string("\xef\xbb\xbf"),
        std::string("<!DOCTYPE html><html><body>Sign in</body></html>"), std::string("\x1f\x8b\x08\x00\x00", 5),
        std::string("\xff\xfe\x00{", 4), deep, std::string("{\"value\":") + deep}) {
    read(input);
  }
}

TEST_P(Mangled, AVeryLongText) {
  const std::size_t quote = example().find('"');
  std::string input = example();
  input.insert(quote == std::string::npos ? 0 : quote + 1, std::string(1U << 20, 'x'));
  read(input);
}

TEST_P(Mangled, ShuffledAtRandom) {
  SeededRandom random(20'261'125);
  for (int round = 0; round < 500; ++round) {
    std::string input = example();
    for (std::uint64_t edits = 1 + random.next() % 6; edits > 0 && !input.empty(); --edits) {
      const std::size_t at = random.next() % input.size();
      const std::size_t length = 1 + random.next() % 12;
      switch (random.next() % 3) {
        case 0:
          input.erase(at, length);
          break;
        case 1:
          input.insert(at, input.substr(random.next() % input.size(), length));
          break;
        default:
          input[at] = static_cast<char>(random.next());
      }
    }
    read(input);
  }
}

}  // namespace
}  // namespace cosell::fuzz
