// Reads JSON text in one pass. Written by hand because the readers at hand keep no positions, let the last
// of two equal keys win and turn money into doubles; what to make of the values is not decided here.
#include <algorithm>
#include <bitset>
#include <numeric>
#include <utility>

#include "base/json.h"
#include "base/json_plain.h"
#include "base/json_text.h"

namespace cosell::json {

// Makes values with positions; the only reader of the text.
class Builder {
 public:
  struct LongList {
    std::string_view name;
    const TakeItem& take;
  };

  Builder(std::string_view text, const ReadOptions& options, const LongList* long_list = nullptr)
      : long_list_(long_list), begin_(text.data()), end_(text.data() + text.size()), options_(options) {
    if (text.substr(0, 3) == "\xEF\xBB\xBF") begin_ += 3;
    at_ = begin_;
    line_begin_ = begin_;
  }

  bool document(Value& out) {
    const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
    if (rest.substr(0, 2) == "\xFF\xFE" || rest.substr(0, 2) == "\xFE\xFF")
      return fail("the text is in UTF-16; save it as UTF-8");
    if (!skip_blanks()) return false;
    if (at_ == end_) return fail("the text is empty; expected a JSON value");
    if (!value(out, 0) || !skip_blanks()) return false;
    if (at_ != end_) return fail("unexpected " + seen() + " after the end of the JSON value");
    return true;
  }

  // A list or an object whose parts are not kept.
  bool parts(Kind& kind, const std::function<void(Member&)>& take) {
    if (!skip_blanks()) return false;
    if (at_ == end_ || (*at_ != '[' && *at_ != '{')) return fail("expected '[' or '{', found " + seen());
    kind = *at_ == '[' ? Kind::array : Kind::object;
    const char bracket = kind == Kind::array ? ']' : '}';
    if (!open(1)) return false;
    bool more = at_ == end_ || *at_ != bracket;
    if (!more) ++at_;
    while (more) {
      Member part;
      if (kind == Kind::object && !(name(part) && colon(part))) return false;
      if (!value(part.value, 1) || !next(bracket, more)) return false;
      take(part);
    }
    if (!skip_blanks()) return false;
    return at_ == end_ || fail("unexpected " + seen() + " after the end of the JSON value");
  }

  ReadError error() && { return std::move(error_); }

 private:
  Position here() const { return position(at_); }
  Position position(const char* p) const { return {line_, static_cast<std::uint32_t>(p - line_begin_ + 1)}; }

  [[gnu::cold]] bool fail(std::string message) { return fail_at(here(), std::move(message)); }
  bool fail_at(Position at, std::string message) {
    error_ = {at, std::move(message)};
    return false;
  }

  // What stands at the reading position, in words.
  std::string seen() const {
    if (at_ == end_) return "end of the text";
    const auto c = static_cast<unsigned char>(*at_);
    if (c == '\n' || c == '\r') return "end of the line";
    if (c < 0x20 || c == 0x7f) return "control character";
    if (c >= 0x80) return strange_character();
    return std::string("'") + *at_ + "'";
  }

  // Quotes as word processors and chats set them are the usual slip.
  std::string strange_character() const {
    const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
    for (const char* quote : {"\u201c", "\u201d", "\u201e", "\u00ab", "\u00bb", "\u2018", "\u2019"}) {
      if (rest.substr(0, std::string_view(quote).size()) == quote) {
        return std::string("the typographic quote ") + quote + "; write a plain \"";
      }
    }
    for (const char* blank : {"\u00a0", "\u202f", "\u200b", "\ufeff"}) {
      if (rest.substr(0, std::string_view(blank).size()) == blank) {
        return "a special blank, which looks like nothing; write a plain one";
      }
    }
    return "a character that does not belong here";
  }

  // Most texts have none, so that this is asked at once.
  [[gnu::always_inline]] bool skip_blanks() { return (at_ != end_ && *at_ > ' ' && *at_ != '/') || skip_some_blanks(); }

  bool skip_some_blanks() {
    for (; at_ != end_; ++at_) {
      switch (*at_) {
        case ' ':
        case '\t':
        case '\r':
          continue;
        case '\n':
          ++line_;
          line_begin_ = at_ + 1;
          continue;
        case '/':
          if (!skip_comment()) return false;
          --at_;  // the loop steps over the last character of the comment
          continue;
        default:
          return true;
      }
    }
    return true;
  }

  // Leaves the position behind the comment (a line comment ends before its line end).
  bool skip_comment() {
    if (!options_.comments) return fail("comments are not allowed here");
    const Position from = here();
    ++at_;
    if (at_ != end_ && *at_ == '/') {
      while (at_ != end_ && *at_ != '\n') ++at_;
      return true;
    }
    if (at_ == end_ || *at_ != '*') return fail_at(from, "unexpected '/'; a comment begins with // or /*");
    for (++at_; at_ != end_; ++at_) {
      if (*at_ == '\n') {
        ++line_;
        line_begin_ = at_ + 1;
      } else if (*at_ == '*' && at_ + 1 != end_ && at_[1] == '/') {
        at_ += 2;
        return true;
      }
    }
    return fail_at(from, "this comment has no end");
  }

  bool value(Value& out, int depth) {
    if (at_ == end_) return fail("the text ends where a value was expected");
    out.at_ = here();
    switch (*at_) {
      case '{':
        return object(out, depth + 1);
      case '[':
        return array(out, depth + 1);
      case '"':
        out.kind_ = Kind::string;
        return string(out.own<std::string>());
      case 't':
        out.kind_ = Kind::boolean;
        out.bool_ = true;
        return word("true");
      case 'f':
        out.kind_ = Kind::boolean;
        return word("false");
      case 'n':
        return word("null");
      default:
        return number(out);
    }
  }

  bool word(std::string_view expected) {
    const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
    const bool continues = rest.size() > expected.size() && is_word(rest[expected.size()]);
    if (rest.substr(0, expected.size()) != expected || continues) return fail("unknown word" + word_here());
    at_ += expected.size();
    return true;
  }

  static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }

  // " 'undefined'; a text needs double quotes"
  std::string word_here() const {
    const char* stop = at_;
    while (stop != end_ && is_word(*stop) && stop - at_ < 40) ++stop;
    return " '" + std::string(at_, stop) + "'; expected a value (a text needs double quotes)";
  }

  bool digits() {
    const char* from = at_;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9') ++at_;
    return at_ != from;
  }

  bool number(Value& out) {
    const char* from = at_;
    if (*at_ == '-') ++at_;
    const char* whole = at_;
    if (!digits()) {
      at_ = from;
      if (is_word(*at_)) return fail("unknown word" + word_here());
      return fail("expected a value, found " + seen());
    }
    if (*whole == '0' && at_ - whole > 1) return fail_at(position(from), "a number must not begin with 0");
    if (at_ != end_ && *at_ == '.') {
      ++at_;
      if (!digits()) return fail("a digit must follow the decimal point");
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      ++at_;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      if (!digits()) return fail("a digit must follow the exponent sign");
    }
    if (at_ != end_ && is_word(*at_)) return fail("unexpected " + seen() + " in a number");
    out.kind_ = Kind::number;
    out.own<std::string>().assign(from, at_);
    return true;
  }

  // `out` is empty before.
  bool string(std::string& out) {
    const char* plain = at_ + 1;
    at_ = plain_end(plain, end_);
    out.append(plain, static_cast<std::size_t>(at_ - plain));
    if (at_ == end_ || *at_ != '"') return rest_of_string(out, position(plain - 1));
    ++at_;
    return true;
  }

  bool rest_of_string(std::string& out, Position from) {
    for (;;) {
      const char* plain = at_;
      at_ = plain_end(plain, end_);
      out.append(plain, static_cast<std::size_t>(at_ - plain));
      if (at_ == end_) return fail_at(from, "this text has no closing quote");
      const auto c = static_cast<unsigned char>(*at_);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c == '\\') {
        if (!escape(out)) return false;
      } else if (c == '\n' || c == '\r') {
        return fail_at(from, "this text has no closing quote on its line");
      } else if (c < 0x20) {
        return fail("a control character inside a text must be written as \\u00XX");
      } else if (!multi_byte(out)) {
        return false;
      }
    }
  }

  // One UTF-8 sequence of two to four bytes, checked.
  bool multi_byte(std::string& out) {
    const auto byte = [this](int i) { return at_ + i < end_ ? static_cast<unsigned char>(at_[i]) : 0U; };
    const unsigned b0 = byte(0);
    const unsigned b1 = byte(1);
    int length = 0;
    // Bounds of the second byte exclude overlong forms, surrogates and what lies beyond U+10FFFF.
    unsigned low = 0x80;
    unsigned high = 0xBF;
    if (b0 >= 0xC2 && b0 <= 0xDF) {
      length = 2;
    } else if (b0 >= 0xE0 && b0 <= 0xEF) {
      length = 3;
      if (b0 == 0xE0) low = 0xA0;
      if (b0 == 0xED) high = 0x9F;
    } else if (b0 >= 0xF0 && b0 <= 0xF4) {
      length = 4;
      if (b0 == 0xF0) low = 0x90;
      if (b0 == 0xF4) high = 0x8F;
    }
    bool good = length > 0 && b1 >= low && b1 <= high;
    for (int i = 2; i < length; ++i) good = good && (byte(i) & 0xC0U) == 0x80U;
    if (!good) return fail("this text is not valid UTF-8");
    out.append(at_, at_ + length);
    at_ += length;
    return true;
  }

  bool hex4(unsigned& out) {
    out = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = at_ == end_ ? '\0' : *at_;
      unsigned digit = 0;
      if (c >= '0' && c <= '9') {
        digit = static_cast<unsigned>(c - '0');
      } else if (c >= 'a' && c <= 'f') {
        digit = static_cast<unsigned>(c - 'a') + 10;
      } else if (c >= 'A' && c <= 'F') {
        digit = static_cast<unsigned>(c - 'A') + 10;
      } else {
        return fail("\\u needs four hexadecimal digits");
      }
      out = out << 4 | digit;
    }
    return true;
  }

  bool escape(std::string& out) {
    ++at_;
    const char c = at_ == end_ ? '\0' : *at_;
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (const std::size_t i = kNames.find(c); c != '\0' && i != std::string_view::npos) {
      out += kMeanings[i];
      ++at_;
      return true;
    }
    if (c != 'u') return fail("unknown escape; a backslash is written as \\\\");
    ++at_;
    unsigned code = 0;
    if (!hex4(code)) return false;
    if (code >= 0xD800 && code <= 0xDBFF && end_ - at_ >= 2 && at_[0] == '\\' && at_[1] == 'u') {
      const char* second = at_;
      at_ += 2;
      unsigned low = 0;
      if (!hex4(low)) return false;
      if (low >= 0xDC00 && low <= 0xDFFF) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      } else {
        at_ = second;
      }
    }
    // Half a surrogate pair cannot be kept in UTF-8; one odd character must not make a whole page unreadable.
    if (code >= 0xD800 && code <= 0xDFFF) code = 0xFFFD;
    append_utf8(code, out);
    return true;
  }

  static void append_utf8(unsigned code, std::string& out) {
    const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | (code >> shift & 0x3FU)); };
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xC0U | code >> 6);
      tail(0);
    } else if (code < 0x10000) {
      out += static_cast<char>(0xE0U | code >> 12);
      tail(6);
      tail(0);
    } else {
      out += static_cast<char>(0xF0U | code >> 18);
      tail(12);
      tail(6);
      tail(0);
    }
  }

  // Steps over the opening bracket; false when nested too deeply.
  bool open(int depth) {
    if (depth > options_.max_depth) return too_deep();
    ++at_;
    return skip_blanks();
  }

  // What is wrong is said apart from what reads: each text that is put together there would make every step longer.
  [[gnu::cold, gnu::noinline]] bool no_comma(char bracket) {
    std::uint32_t lines = 0;
    const char* last = at_;
    for (; last != begin_ && is_blank(last[-1]); --last) lines += last[-1] == '\n' ? 1 : 0;
    const bool next_one = at_ != end_ && *at_ != ']' && *at_ != '}' && lines > 0;
    return fail(std::string("expected ',' or '") + bracket + "', found " + seen() +
                (next_one ? "; is a comma missing at the end of line " + std::to_string(line_ - lines) + "?" : ""));
  }
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
  [[gnu::cold, gnu::noinline]] bool comma_too_many(Position comma, char bracket) {
    return fail_at(comma, std::string("a comma must not stand before '") + bracket + "'");
  }
  [[gnu::cold, gnu::noinline]] bool no_name() { return fail("expected a name in double quotes, found " + seen()); }
  [[gnu::cold, gnu::noinline]] bool no_colon(const Member& m) {
    return fail("expected ':' after the name \"" + m.key + "\", found " + seen());
  }
  [[gnu::cold, gnu::noinline]] bool too_deep() {
    return fail("nested more than " + std::to_string(options_.max_depth) + " levels deep");
  }

  // After an element: a comma goes on (more = true), the bracket ends.
  bool next(char bracket, bool& more) {
    if (!skip_blanks()) return false;
    if (at_ != end_ && *at_ == bracket) {
      ++at_;
      more = false;
      return true;
    }
    if (at_ == end_ || *at_ != ',') return no_comma(bracket);
    const Position comma = here();
    ++at_;
    if (!skip_blanks()) return false;
    if (at_ != end_ && *at_ == bracket) return comma_too_many(comma, bracket);
    more = true;
    return true;
  }

  bool array(Value& out, int depth) {
    out.kind_ = Kind::array;
    auto& items = out.content_.emplace<std::vector<Value>>();
    if (!open(depth)) return false;
    bool more = at_ == end_ || *at_ != ']';
    if (!more) ++at_;
    while (more) {
      items.emplace_back();
      if (!value(items.back(), depth) || !next(']', more)) return false;
    }
    return true;
  }

  // A list whose items are not kept; what is no list is kept as it is.
  bool items(Value& out, int depth) {
    if (at_ == end_ || *at_ != '[') return value(out, depth);
    out = Value::array();
    out.at_ = here();
    if (!open(depth + 1)) return false;
    bool more = at_ == end_ || *at_ != ']';
    if (!more) ++at_;
    while (more) {
      Value item;
      if (!value(item, depth + 1) || !next(']', more)) return false;
      long_list_->take(item);
    }
    return true;
  }

  bool name(Member& m) {
    if (at_ == end_ || *at_ != '"') return no_name();
    m.at = here();
    return string(m.key);
  }

  // Leaves the position at the member's value.
  bool colon(const Member& m) {
    if (!skip_blanks()) return false;
    if (at_ == end_ || *at_ != ':') return no_colon(m);
    ++at_;
    return skip_blanks();
  }

  bool object(Value& out, int depth) {
    out.kind_ = Kind::object;
    auto& members = out.content_.emplace<std::vector<Member>>();
    if (!open(depth)) return false;
    bool more = at_ == end_ || *at_ != '}';
    if (!more) ++at_;
    if (more) members.reserve(8);
    SeenKeys fingerprints;
    while (more) {
      members.emplace_back();
      Member& m = members.back();
      if (!name(m)) return false;
      if (members.size() <= kSmallObject && !check_last_key(members, fingerprints)) return false;
      if (!colon(m)) return false;
      const bool is_long = long_list_ != nullptr && depth == 1 && m.key == long_list_->name;
      if (!(is_long ? items(m.value, depth) : value(m.value, depth)) || !next('}', more)) return false;
    }
    return members.size() <= kSmallObject || check_all_keys(members);
  }

  bool duplicate(const Member& first, const Member& second) {
    return fail_at(second.at,
                   "duplicate key \"" + second.key + "\" (first at line " + std::to_string(first.at.line) + ")");
  }

  // Which small fingerprints of keys an object has shown: most keys are told apart without comparing them.
  static constexpr std::size_t kFingerprints = 256;
  using SeenKeys = std::bitset<kFingerprints>;
  static std::size_t fingerprint(const std::string& key) {
    if (key.empty()) return 0;
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(key[i]); };
    return (key.size() * 31 + byte(0) * 7 + byte(key.size() / 2) * 3U + byte(key.size() - 1)) % kFingerprints;
  }

  bool check_last_key(const std::vector<Member>& members, SeenKeys& fingerprints) {
    const Member& last = members.back();
    const std::size_t mark = fingerprint(last.key);
    if (!fingerprints.test(mark)) {
      fingerprints.set(mark);
      return true;
    }
    for (const Member& m : members) {
      if (&m != &last && m.key == last.key) return duplicate(m, last);
    }
    return true;
  }

  // For large objects: by sorting, so that a hostile text cannot make this quadratic.
  bool check_all_keys(const std::vector<Member>& members) {
    std::vector<const Member*> sorted;
    sorted.reserve(members.size());
    for (const Member& m : members) sorted.push_back(&m);
    std::stable_sort(sorted.begin(), sorted.end(), [](const Member* a, const Member* b) { return a->key < b->key; });
    const auto equal = std::adjacent_find(sorted.begin(), sorted.end(),
                                          [](const Member* a, const Member* b) { return a->key == b->key; });
    return equal == sorted.end() || duplicate(**equal, **(equal + 1));
  }

  static constexpr std::size_t kSmallObject = 48;

  const LongList* long_list_;
  const char* begin_;
  const char* end_;
  const char* at_ = nullptr;
  const char* line_begin_ = nullptr;
  std::uint32_t line_ = 1;
  ReadOptions options_;
  ReadError error_;
};

namespace {

tl::expected<Value, ReadError> read_document(std::string_view text, const ReadOptions& options,
                                             const Builder::LongList* long_list) {
  if (text.size() > options.max_bytes) {
    return tl::unexpected(ReadError{{1, 1},
                                    "the text has " + std::to_string(text.size()) + " bytes, more than the " +
                                        std::to_string(options.max_bytes) + " allowed"});
  }
  Value out;
  Builder builder(text, options, long_list);
  if (!builder.document(out)) return tl::unexpected(std::move(builder).error());
  return out;
}

}  // namespace

tl::expected<Value, ReadError> read(std::string_view text, const ReadOptions& options) {
  return read_document(text, options, nullptr);
}

tl::expected<Value, ReadError> read_list(std::string_view text, std::string_view name, const TakeItem& take) {
  const Builder::LongList long_list{name, take};
  return read_document(text, {}, &long_list);
}

tl::expected<Kind, ReadError> read_each(std::string_view text, const std::function<void(Member&)>& take) {
  Kind kind = Kind::null;
  Builder builder(text, {});
  if (!builder.parts(kind, take)) return tl::unexpected(std::move(builder).error());
  return kind;
}

}  // namespace cosell::json
