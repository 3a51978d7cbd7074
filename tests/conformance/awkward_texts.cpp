// The list. Everything is valid UTF-8: what is not never gets as far as a connector.
#include "tests/conformance/awkward_texts.h"

namespace cosell::conformance {
namespace {

// The largest number of bytes, up to `most`, that does not end inside a character.
std::size_t whole_characters(const std::string& text, std::size_t most) {
  std::size_t end = text.size() < most ? text.size() : most;
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return end;
}

std::vector<AwkwardText> the_list() {
  std::vector<AwkwardText> list = {
      {"composed", "Caf\u00E9 Z\u00FCrich \u00C5ngstr\u00F6m"},
      {"decomposed", "Cafe\u0301 Zu\u0308rich A\u030Angstro\u0308m"},
      {"many combining marks", "Z\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307 algo"},
      {"hangul in parts", "\u1112\u1161\u11AB \uD55C"},
      {"right to left", "\u05E9\u05DC\u05D5\u05DD \u0633\u0644\u0627\u0645 Ltd"},
      {"direction marks", "a\u202Efdp.exe\u202C b"},
      {"zero width", "zero\u200Bwidth\u200Cjoin\u200Der"},
      {"byte order mark inside", "be\uFEFFfore"},
      {"soft hyphen", "Donau\u00ADdampf"},
      {"no-break space inside", "10\u00A0000\u202FEUR"},
      {"emoji", "\U0001F680 launch \U0001F600"},
      {"emoji family",
       "\U0001F468\u200D\U0001F469\u200D\U0001F467 flag "
       "\U0001F1E9\U0001F1EA"},
      {"skin tone", "\U0001F44D\U0001F3FD ok"},
      {"last code point", "\U0010FFFD end"},
      {"han, kana, thai", "\u6F22\u5B57 \u304B\u306A \u0E44\u0E17\u0E22"},
      {"dotless i", "\u0130stanbul \u0131\u015F\u0131k"},
      {"sharp s", "Stra\u00DFe STRASSE \u1E9E"},
      {"ligature", "o\uFB03ce \uFB01le"},
      {"full width", "\uFF21\uFF22\uFF13"},
      {"double quotes", "the \"quoted\" \"\" word"},
      {"single quotes", "it's ''doubled'' l'Or\u00E9al"},
      {"typographic quotes", "\u201Ehier\u201C \u00ABl\u00E0\u00BB \u2018x\u2019"},
      {"backslashes", "C:\\new\\table \\\\server\\share \\"},
      {"escapes as words", "\\n \\t \\u0000 \\x00 %00 %0d%0a &#0; &amp;amp;"},
      {"json", "{\"a\":[1,\"}\"],\"b\":null}"},
      {"markup", "<script>alert('x')</script> <b>&nbsp;&lt;"},
      {"template", "${7*7} {{7*7}} #{7} %s %d %n"},
      {"sql", "Robert'); DROP TABLE deals;-- "},
      {"sql comment", "x' /* */ OR '1'='1"},
      {"soql", "' OR Name LIKE '%' LIMIT 1 --"},
      {"odata", "x' or true or name eq 'y"},
      {"wildcards", "100% _under_ *star* ?"},
      {"url", "https://example.com/?a=1&b=2#frag %2F +"},
      {"formula", "=1+1 +1 -1 @SUM(A1)"},
      {"looks like a number", "00012.50"},
      {"looks like nothing", "null"},
      {"looks like a tick", "true"},
      {"looks like a date", "2027-01-31"},
      {"looks like a time", "2027-01-31T00:00:00Z"},
      {"looks like a token", "a Bearer b eyJ"},
      {"one character", "x"},
      {"line breaks", "first\nsecond\r\nthird\n\nlast"},
      {"tabs", "a\tb\t\tc"},
      {"trailing blanks", "ends with blanks   "},
      {"many words", "word word word word word word word word word word word word word word word word word word word"}};
  for (const char c : {'\x01', '\x07', '\x0B', '\x1B', '\x1F', '\x7F'}) {
    AwkwardText control{"control character " + std::to_string(static_cast<int>(c)), std::string("a") + c + "b", true};
    list.push_back(control);
  }
  list.push_back({"nul", std::string("a\0b", 3), true});
  list.push_back({"control character 0x85", "a\u0085b", true});
  list.push_back({"line separator", "a\u2028b", true});
  list.push_back({"not a character", "a\uFFFEb", true});
  list.push_back({"replacement character", "a\uFFFDb"});
  for (AwkwardText& t : list) t.safe_prefix = whole_characters(t.text, 24);
  return list;
}

}  // namespace

const std::vector<AwkwardText>& awkward_texts() {
  static const std::vector<AwkwardText> list = the_list();
  return list;
}

}  // namespace cosell::conformance
