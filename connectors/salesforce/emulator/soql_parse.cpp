// SOQL tokens to a tree, with Salesforce's words for what does not fit.
#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "connectors/salesforce/emulator/soql.h"

namespace cosell::emulator::salesforce::soql {

namespace {

constexpr const char* kDayRanges[] = {"YESTERDAY",    "TODAY",        "TOMORROW",   "LAST_WEEK",  "THIS_WEEK",
                                      "NEXT_WEEK",    "LAST_MONTH",   "THIS_MONTH", "NEXT_MONTH", "LAST_QUARTER",
                                      "THIS_QUARTER", "NEXT_QUARTER", "LAST_YEAR",  "THIS_YEAR",  "NEXT_YEAR",
                                      "LAST_90_DAYS", "NEXT_90_DAYS"};
constexpr const char* kCountedRanges[] = {"LAST_N_DAYS", "NEXT_N_DAYS", "N_DAYS_AGO"};

// Any failure below unwinds to parse(); it never leaves this file.
struct Refused {
  ApiErrors errors;
};

class Parser {
 public:
  Parser(const std::string& text, std::vector<Token> tokens) : text_(text), tokens_(std::move(tokens)) {}

  Query run() {
    query_.text = text_;
    keyword("SELECT");
    select_list();
    keyword("FROM");
    query_.from_at = peek().at;
    query_.from = name();
    if (accept("WHERE")) query_.where = condition();
    if (accept("ORDER")) {
      keyword("BY");
      do {
        order_key();
      } while (accept_symbol(","));
    }
    if (accept("LIMIT")) query_.limit = whole_number();
    if (accept("OFFSET")) query_.offset = whole_number();
    if (peek().kind != TokenKind::end) unexpected(peek());
    return std::move(query_);
  }

 private:
  const Token& peek(std::size_t ahead = 0) const { return tokens_[std::min(next_ + ahead, tokens_.size() - 1)]; }
  bool is_word(const Token& t, std::string_view word) const {
    return t.kind == TokenKind::name && text::equals_ignore_case(t.text, word);
  }
  bool accept(std::string_view word) {
    if (!is_word(peek(), word)) return false;
    ++next_;
    return true;
  }
  bool accept_symbol(std::string_view symbol) {
    if (peek().kind != TokenKind::symbol || peek().text != symbol) return false;
    ++next_;
    return true;
  }

  [[noreturn]] void refuse(std::size_t at, const std::string& sentence) const {
    throw Refused{fail("MALFORMED_QUERY", located(text_, at, sentence)).value()};
  }
  [[noreturn]] void unexpected(const Token& t) const {
    if (t.kind == TokenKind::end) throw Refused{fail("MALFORMED_QUERY", "unexpected token: '<EOF>'").value()};
    refuse(t.at, "unexpected token: '" + t.text + "'");
  }
  void keyword(std::string_view word) {
    if (!accept(word)) unexpected(peek());
  }
  void symbol(std::string_view s) {
    if (!accept_symbol(s)) unexpected(peek());
  }
  std::string name() {
    if (peek().kind != TokenKind::name) unexpected(peek());
    return tokens_[next_++].text;
  }
  std::int64_t whole_number() {
    const Token t = peek();
    std::int64_t value = 0;
    const auto read = std::from_chars(t.text.data(), t.text.data() + t.text.size(), value);
    const bool whole =
        t.kind == TokenKind::number && read.ec == std::errc() && read.ptr == t.text.data() + t.text.size();
    if (!whole || value < 0) unexpected(t);
    ++next_;
    return value;
  }
  Path path() {
    Path p;
    p.at = peek().at;
    p.names.push_back(name());
    while (accept_symbol(".")) p.names.push_back(name());
    return p;
  }

  void select_list() {
    const bool call = peek(1).kind == TokenKind::symbol && peek(1).text == "(";
    if (is_word(peek(), "COUNT") && call && peek(2).text == ")") {
      next_ += 3;
      query_.count = true;
      return;
    }
    do {
      if (is_word(peek(), "FIELDS") && peek(1).text == "(") {
        next_ += 2;
        query_.fields_macro = text::lower_ascii(name());
        symbol(")");
      } else {
        query_.fields.push_back(path());
      }
    } while (accept_symbol(","));
  }

  void order_key() {
    OrderKey key;
    key.field = path();
    if (accept("DESC")) {
      key.descending = true;
    } else {
      accept("ASC");
    }
    if (accept("NULLS")) {
      const bool first = accept("FIRST");
      if (!first) keyword("LAST");
      key.nulls_last = !first;
    }
    query_.order.push_back(std::move(key));
  }

  // AND and OR do not mix without brackets, and NOT stands first or in brackets: as in SOQL itself.
  Condition condition() {
    if (++depth_ > 50) refuse(peek().at, "maximum depth of conditions exceeded");
    Condition first = is_word(peek(), "NOT") ? negation() : simple();
    const bool all = is_word(peek(), "AND");
    const bool any = is_word(peek(), "OR");
    if (all || any) {
      Condition group;
      group.kind = all ? Condition::Kind::all : Condition::Kind::any;
      group.parts.push_back(std::move(first));
      while (accept(all ? "AND" : "OR")) group.parts.push_back(simple());
      first = std::move(group);
      if (is_word(peek(), all ? "OR" : "AND")) unexpected(peek());
    }
    --depth_;
    return first;
  }

  Condition negation() {
    keyword("NOT");
    Condition negated;
    negated.kind = Condition::Kind::negate;
    negated.parts.push_back(simple());
    return negated;
  }

  Condition simple() {
    if (accept_symbol("(")) {
      Condition inner = condition();
      symbol(")");
      return inner;
    }
    if (is_word(peek(), "NOT")) unexpected(peek());
    Condition compare;
    compare.field = path();
    compare.op = comparison();
    if (compare.op != Op::in && compare.op != Op::not_in) {
      compare.values.push_back(literal());
      return compare;
    }
    symbol("(");
    do {
      compare.values.push_back(literal());
    } while (accept_symbol(","));
    symbol(")");
    return compare;
  }

  Op comparison() {
    const Token t = peek();
    ++next_;
    if (t.kind == TokenKind::symbol) {
      if (t.text == "=") return Op::equal;
      if (t.text == "!=" || t.text == "<>") return Op::not_equal;
      if (t.text == "<") return Op::less;
      if (t.text == "<=") return Op::less_equal;
      if (t.text == ">") return Op::greater;
      if (t.text == ">=") return Op::greater_equal;
    }
    if (is_word(t, "LIKE")) return Op::like;
    if (is_word(t, "IN")) return Op::in;
    if (is_word(t, "NOT") && accept("IN")) return Op::not_in;
    unexpected(t);
  }

  Literal literal() {
    const Token t = peek();
    ++next_;
    Literal l;
    l.at = t.at;
    switch (t.kind) {
      case TokenKind::text:
        l.kind = Literal::Kind::text;
        l.value = t.text;
        return l;
      case TokenKind::number:
        if (const auto n = parse_number(t.text[0] == '+' ? t.text.substr(1) : t.text)) l.value = *n;
        l.kind = Literal::Kind::number;
        break;
      case TokenKind::date:
        if (const auto d = parse_date(t.text)) l.value = *d;
        l.kind = Literal::Kind::date;
        break;
      case TokenKind::datetime:
        if (const auto i = parse_instant(t.text)) l.value = *i;
        l.kind = Literal::Kind::datetime;
        break;
      case TokenKind::name:
        return word_literal(t, std::move(l));
      default:
        unexpected(t);
    }
    if (is_null(l.value)) unexpected(t);
    return l;
  }

  Literal word_literal(const Token& t, Literal l) {
    if (is_word(t, "null")) return l;
    if (is_word(t, "true") || is_word(t, "false")) {
      l.kind = Literal::Kind::boolean;
      l.value = is_word(t, "true");
      return l;
    }
    l.kind = Literal::Kind::range;
    for (const char* range : kDayRanges) {
      if (is_word(t, range)) l.range = range;
    }
    for (const char* range : kCountedRanges) {
      if (!is_word(t, range)) continue;
      symbol(":");
      l.range = range;
      l.range_n = whole_number();
    }
    if (l.range.empty()) unexpected(t);
    return l;
  }

  const std::string& text_;
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  int depth_ = 0;
  Query query_;
};

}  // namespace

Outcome<Query> parse(const std::string& text) {
  auto tokens = tokens_of(text);
  if (!tokens) return tl::unexpected<ApiErrors>(std::move(tokens).error());
  try {
    return Parser(text, std::move(*tokens)).run();
  } catch (Refused& refused) {
    return tl::unexpected<ApiErrors>(std::move(refused.errors));
  }
}

}  // namespace cosell::emulator::salesforce::soql
