// SOQL text to tokens: names, quoted strings with escapes, numbers, dates, symbols.
#include <array>
#include <cctype>
#include <cstdio>

#include "base/text.h"
#include "connectors/salesforce/emulator/soql.h"

namespace cosell::emulator::salesforce::soql {

namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string utf8_of(unsigned point) {
  std::string out;
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0U | (point >> 6U));
    out += static_cast<char>(0x80U | (point & 0x3FU));
  } else {
    out += static_cast<char>(0xE0U | (point >> 12U));
    out += static_cast<char>(0x80U | ((point >> 6U) & 0x3FU));
    out += static_cast<char>(0x80U | (point & 0x3FU));
  }
  return out;
}

class Lexer {
 public:
  explicit Lexer(const std::string& text) : text_(text) {}

  Outcome<std::vector<Token>> run() {
    std::vector<Token> tokens;
    while (true) {
      while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
      Token token;
      token.at = at_;
      if (at_ == text_.size()) {
        tokens.push_back(std::move(token));
        return tokens;
      }
      auto read = next(token);
      if (!read) return tl::unexpected<ApiErrors>(std::move(read).error());
      tokens.push_back(std::move(token));
    }
  }

 private:
  Outcome<bool> next(Token& token) {
    const char c = text_[at_];
    if (c == '\'') return quoted(token);
    const bool sign =
        (c == '-' || c == '+') && at_ + 1 < text_.size() && (is_digit(text_[at_ + 1]) || text_[at_ + 1] == '.');
    if (is_digit(c) || sign || (c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) return figure(token);
    if (is_word(c)) {
      token.kind = TokenKind::name;
      while (at_ < text_.size() && is_word(text_[at_])) token.text += text_[at_++];
      return true;
    }
    token.kind = TokenKind::symbol;
    for (const char* two : {"!=", "<>", "<=", ">="}) {
      if (text_.compare(at_, 2, two) == 0) token.text = two;
    }
    if (token.text.empty() && std::string_view("(),.=<>:").find(c) != std::string_view::npos) token.text = c;
    if (token.text.empty()) {
      return fail("MALFORMED_QUERY", located(text_, at_,
                                             "line 1:" + std::to_string(at_) + " no viable alternative at character '" +
                                                 std::string(1, c) + "'"));
    }
    at_ += token.text.size();
    return true;
  }

  Outcome<bool> escape(Token& token) {
    const char c = text_[at_ + 1];
    at_ += 2;
    switch (c) {
      case 'n':
      case 'N':
        token.text += '\n';
        return true;
      case 'r':
      case 'R':
        token.text += '\r';
        return true;
      case 't':
      case 'T':
        token.text += '\t';
        return true;
      case 'b':
      case 'B':
        token.text += '\b';
        return true;
      case 'f':
      case 'F':
        token.text += '\f';
        return true;
      case '"':
      case '\'':
        token.text += c;
        return true;
      case '\\':
        // Two in the decoded text stand for one; LIKE and equality undo them.
        token.text += "\\\\";
        return true;
      case '_':
      case '%':
        token.text += '\\';
        token.text += c;
        return true;
      case 'u':
        return unicode(token);
      default:
        return illegal(at_ - 2);
    }
  }

  Outcome<bool> unicode(Token& token) {
    unsigned point = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      if (at_ >= text_.size() || std::isxdigit(static_cast<unsigned char>(text_[at_])) == 0) return illegal(at_);
      point = point * 16 + static_cast<unsigned>(std::stoi(text_.substr(at_, 1), nullptr, 16));
    }
    token.text += utf8_of(point);
    return true;
  }

  Outcome<bool> illegal(std::size_t at) const {
    return fail("MALFORMED_QUERY", located(text_, at, "Illegal string literal"));
  }

  Outcome<bool> quoted(Token& token) {
    token.kind = TokenKind::text;
    const std::size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != '\'') {
      if (text_[at_] == '\n' || text_[at_] == '\r') return illegal(begin);
      if (text_[at_] != '\\') {
        token.text += text_[at_++];
        continue;
      }
      if (at_ + 1 >= text_.size()) return illegal(at_);
      auto read = escape(token);
      if (!read) return read;
    }
    if (at_ >= text_.size()) {
      return fail("MALFORMED_QUERY", located(text_, begin, "unexpected token: '''"));
    }
    ++at_;
    return true;
  }

  // A number, 2024-05-01, or 2024-05-01T12:00:00Z.
  Outcome<bool> figure(Token& token) {
    std::string& s = token.text;
    s += text_[at_++];
    const auto more = [&] {
      if (at_ >= text_.size()) return false;
      const char c = text_[at_];
      if (is_word(c) || c == '.') return true;
      const bool in_time = s.find('T') != std::string::npos;
      if (c == ':' || c == '+') return in_time;
      return c == '-' && (in_time || s.size() == 4 || s.size() == 7);
    };
    while (more()) s += text_[at_++];
    token.kind = s.find('T') != std::string::npos      ? TokenKind::datetime
                 : s.find('-', 1) != std::string::npos ? TokenKind::date
                                                       : TokenKind::number;
    return true;
  }

  const std::string& text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string located(const std::string& text, std::size_t at, const std::string& sentence) {
  constexpr std::size_t kAround = 40;
  const std::size_t begin = at > kAround ? at - kAround : 0;
  const std::string shown = text.substr(begin, at - begin + kAround);
  return "\n" + shown + "\n" + std::string(at - begin, ' ') + "^\nERROR at Row:1:Column:" + std::to_string(at + 1) +
         "\n" + sentence;
}

Outcome<std::vector<Token>> tokens_of(const std::string& text) { return Lexer(text).run(); }

}  // namespace cosell::emulator::salesforce::soql
