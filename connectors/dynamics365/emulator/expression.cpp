// The filter language: a lexer and a recursive-descent parser with the precedence of OData (not, comparison, and, or).
#include "connectors/dynamics365/emulator/expression.h"

#include <algorithm>

#include "base/text.h"

namespace cosell::emulator::dynamics365 {

namespace {

constexpr int kDepthMax = 64;
constexpr std::int64_t kLastMax = 1'000'000;  // hours or days

struct Token {
  enum class Kind { word, text, mark, end };
  Kind kind = Kind::end;
  std::string text;
};

std::optional<std::vector<Token>> tokens_of(std::string_view s) {
  constexpr std::string_view kMarks = "(),=[]";
  std::vector<Token> tokens;
  std::size_t i = 0;
  while (i < s.size()) {
    const char c = s[i];
    Token token;
    if (c == ' ' || c == '\t') {
      ++i;
      continue;
    }
    if (kMarks.find(c) != std::string_view::npos) {
      token.kind = Token::Kind::mark;
      token.text = c;
      ++i;
    } else if (c == '\'') {
      token.kind = Token::Kind::text;
      for (++i;; ++i) {
        if (i >= s.size()) return std::nullopt;
        if (s[i] == '\'' && i + 1 < s.size() && s[i + 1] == '\'')
          ++i;
        else if (s[i] == '\'')
          break;
        token.text += s[i];
      }
      ++i;
    } else {
      token.kind = Token::Kind::word;
      while (i < s.size() && s[i] != ' ' && s[i] != '\'' && kMarks.find(s[i]) == std::string_view::npos)
        token.text += s[i++];
    }
    tokens.push_back(std::move(token));
  }
  tokens.push_back(Token{});
  return tokens;
}

std::optional<Op> comparison(const std::string& word) {
  static const std::vector<std::pair<std::string, Op>> kWords = {{"eq", Op::eq}, {"ne", Op::ne}, {"gt", Op::gt},
                                                                 {"ge", Op::ge}, {"lt", Op::lt}, {"le", Op::le}};
  for (const auto& entry : kWords) {
    if (entry.first == word) return entry.second;
  }
  return std::nullopt;
}

std::optional<Op> text_function(const std::string& word) {
  if (word == "contains") return Op::contains;
  if (word == "startswith") return Op::starts_with;
  if (word == "endswith") return Op::ends_with;
  return std::nullopt;
}

Operand literal(Value value) {
  Operand operand;
  operand.literal = true;
  operand.value = std::move(value);
  return operand;
}

class Parser {
 public:
  Parser(std::vector<Token> tokens, std::string_view text, Instant now, const Aliases& aliases)
      : tokens_(std::move(tokens)), text_(text), now_(now), aliases_(aliases) {}

  Outcome<Expression> run() {
    auto expression = either(0);
    if (expression && peek().kind != Token::Kind::end) return wrong();
    return expression;
  }

 private:
  const Token& peek() const { return tokens_[at_]; }
  Token take() {
    Token token = tokens_[at_];
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  bool is_mark(const char* mark) const { return peek().kind == Token::Kind::mark && peek().text == mark; }
  bool is_word(const char* word) const { return peek().kind == Token::Kind::word && peek().text == word; }
  bool accept(const char* mark) {
    if (!is_mark(mark)) return false;
    take();
    return true;
  }
  tl::unexpected<ApiError> wrong() const {
    return fail(400, "0x80060888",
                "Syntax error at token " + std::to_string(at_ + 1) + " in '" + std::string(text_) + "'.");
  }

  // A list in brackets is read as JSON by the platform's OData library, without regard to the doubling of quotes: a
  // quote ends the text there, and a backslash begins an escape. Inferred from the library's source (InBinder of
  // OData/odata.net turns only lists in parentheses into JSON); refused here whatever it would make of them.
  static tl::unexpected<ApiError> not_a_list() {
    return fail(400, "0x0", "Invalid JSON. A comma character ',' was expected in scope 'Array'.");
  }

  Outcome<Expression> either(int depth) { return chain(depth, "or", Op::either); }

  Outcome<Expression> chain(int depth, const char* word, Op op) {
    if (depth > kDepthMax) return wrong();
    auto first = op == Op::either ? chain(depth, "and", Op::both) : negation(depth);
    if (!first || !is_word(word)) return first;
    Expression all;
    all.op = op;
    all.children.push_back(std::move(*first));
    while (is_word(word)) {
      take();
      auto next = op == Op::either ? chain(depth, "and", Op::both) : negation(depth);
      if (!next) return next;
      all.children.push_back(std::move(*next));
    }
    return all;
  }

  Outcome<Expression> negation(int depth) {
    if (!is_word("not")) return primary(depth);
    if (depth > kDepthMax) return wrong();
    take();
    auto inner = negation(depth + 1);
    if (!inner) return inner;
    Expression e;
    e.op = Op::negation;
    e.children.push_back(std::move(*inner));
    return e;
  }

  Outcome<Expression> primary(int depth) {
    if (accept("(")) {
      auto inner = either(depth + 1);
      if (inner && !accept(")")) return wrong();
      return inner;
    }
    if (peek().kind == Token::Kind::word) {
      const std::string word = peek().text;
      if (const auto op = text_function(word)) return call(*op);
      if (text::starts_with(word, kNamespace) && tokens_[at_ + 1].text == "(") return query_function();
    }
    auto left = operand();
    if (!left) return tl::unexpected<ApiError>(left.error());
    const auto op = peek().kind == Token::Kind::word ? comparison(peek().text) : std::nullopt;
    if (!op) {
      // A boolean column on its own.
      if (left->literal) return wrong();
      return compare(Op::eq, std::move(*left), literal(true));
    }
    take();
    auto right = operand();
    if (!right) return tl::unexpected<ApiError>(right.error());
    return compare(*op, std::move(*left), std::move(*right));
  }

  static Expression compare(Op op, Operand left, Operand right) {
    Expression e;
    e.op = op;
    e.operands.push_back(std::move(left));
    e.operands.push_back(std::move(right));
    return e;
  }

  Outcome<Expression> call(Op op) {
    take();
    if (!accept("(")) return wrong();
    auto left = operand();
    if (!left || !accept(",")) return wrong();
    auto right = operand();
    if (!right || !accept(")")) return wrong();
    return compare(op, std::move(*left), std::move(*right));
  }

  Outcome<Operand> operand() {
    const Token token = take();
    if (token.kind == Token::Kind::text) return literal(token.text);
    if (token.kind != Token::Kind::word) return wrong();
    // Microsoft.Dynamics.CRM.AttributeTypeCode'Picklist'
    if (peek().kind == Token::Kind::text) return literal(take().text);
    if (token.text[0] == '@') {
      const auto given = aliases_(token.text);
      const auto value = given ? parse_literal(*given) : std::nullopt;
      if (!value) return fail(400, "0x80060888", "The parameter alias '" + token.text + "' has no value.");
      return literal(*value);
    }
    if (auto value = parse_literal(token.text)) return literal(std::move(*value));
    Operand property;
    property.path = text::split(token.text, '/');
    return property;
  }

  // Microsoft.Dynamics.CRM.In(PropertyName='x',PropertyValues=['a','b'])
  Outcome<Expression> query_function() {
    const std::string name = take().text.substr(kNamespace.size());
    accept("(");
    Operand property;
    std::vector<Operand> values;
    while (!accept(")")) {
      const Token parameter = take();
      if (parameter.kind != Token::Kind::word || !accept("=")) return wrong();
      if (parameter.text == "PropertyName") {
        property.path = text::split(take().text, '/');
      } else if (accept("[")) {
        while (!accept("]")) {
          if (peek().text.find_first_of("'\\") != std::string::npos) return not_a_list();
          auto value = operand();
          if (!value || !value->literal) return wrong();
          values.push_back(std::move(*value));
          accept(",");
        }
      } else {
        auto value = operand();
        if (!value || !value->literal) return wrong();
        values.push_back(std::move(*value));
      }
      accept(",");
      if (peek().kind == Token::Kind::end) return wrong();
    }
    if (property.path.empty() || values.empty()) return wrong();
    return function(name, std::move(property), std::move(values));
  }

  Outcome<Expression> function(const std::string& name, Operand property, std::vector<Operand> values) {
    for (Operand& value : values) value.quoted_anyway = true;
    property.logical_name = true;
    Expression e;
    e.operands.push_back(std::move(property));
    const auto* text = std::get_if<std::string>(&values.front().value);
    const Value first = text == nullptr ? values.front().value : parse_literal(*text).value_or(Value{});
    const auto* count = std::get_if<std::int64_t>(&first);
    const bool last = name == "LastXHours" || name == "LastXDays";
    if (last && count != nullptr && *count >= 0 && *count <= kLastMax) {
      e.op = Op::between;
      e.operands.push_back(literal(now_ - (name == "LastXHours" ? hours(*count) : days(*count))));
      e.operands.push_back(literal(now_));
      return e;
    }
    static const std::vector<std::pair<std::string, Op>> kFunctions = {{"In", Op::in},           {"NotIn", Op::not_in},
                                                                       {"Between", Op::between}, {"OnOrAfter", Op::ge},
                                                                       {"OnOrBefore", Op::le},   {"On", Op::eq}};
    for (const auto& entry : kFunctions) {
      if (entry.first != name) continue;
      e.op = entry.second;
      if (e.op == Op::between && values.size() != 2) return wrong();
      for (Operand& value : values) e.operands.push_back(std::move(value));
      return e;
    }
    return fail(400, "0x80060888", "The query function '" + name + "' is not supported.");
  }

  std::vector<Token> tokens_;
  std::string_view text_;
  Instant now_;
  const Aliases& aliases_;
  std::size_t at_ = 0;
};

const char* edm_name(Type type) {
  switch (type) {
    case Type::id:
    case Type::lookup:
      return "Edm.Guid";
    case Type::text:
    case Type::memo:
      return "Edm.String";
    case Type::boolean:
      return "Edm.Boolean";
    case Type::choice:
    case Type::state:
    case Type::status:
    case Type::integer:
      return "Edm.Int32";
    case Type::big:
      return "Edm.Int64";
    case Type::decimal:
    case Type::money:
      return "Edm.Decimal";
    case Type::moment:
      return "Edm.DateTimeOffset";
    case Type::day:
      return "Edm.Date";
  }
  return "Edm.String";
}

const char* edm_name(const Value& v) {
  constexpr const char* kNames[] = {"null",     "Edm.Boolean", "Edm.Int32", "Edm.Decimal", "Edm.DateTimeOffset",
                                    "Edm.Date", "Edm.Guid",    "Edm.Guid",  "Edm.String"};
  return kNames[v.index()];
}

bool fits(Type type, const Value& v) {
  const bool number = std::holds_alternative<std::int64_t>(v) || std::holds_alternative<double>(v);
  switch (type) {
    case Type::id:
    case Type::lookup:
      return std::holds_alternative<Guid>(v);
    case Type::text:
    case Type::memo:
      return std::holds_alternative<std::string>(v);
    case Type::boolean:
      return std::holds_alternative<bool>(v);
    case Type::moment:
      return std::holds_alternative<Instant>(v) || std::holds_alternative<Date>(v);
    case Type::day:
      return std::holds_alternative<Date>(v);
    default:
      return number;
  }
}

Outcome<void> bind_operand(Operand& operand, const Schema& schema, const Table& start) {
  if (operand.literal) return {};
  const Table* table = &start;
  for (std::size_t i = 0; i + 1 < operand.path.size(); ++i) {
    const auto navigation = table->find_navigation(operand.path[i]);
    if (!navigation) return unknown_property(*table, operand.path[i]);
    operand.lookups.push_back(navigation->column);
    table = &schema.get(navigation->target->table);
  }
  auto column = table->find_property(operand.path.back());
  if (!column && operand.logical_name) column = table->find(operand.path.back());
  if (!column) return unknown_property(*table, operand.path.back());
  operand.table = table;
  operand.column = *column;
  return {};
}

bool is_text_match(const std::string& text, const std::string& part, Op op) {
  if (op == Op::contains) return text.find(part) != std::string::npos;
  return op == Op::starts_with ? text::starts_with(text, part) : text::ends_with(text, part);
}

bool is_ordered(Op op, int order) {
  switch (op) {
    case Op::gt:
      return order > 0;
    case Op::ge:
      return order >= 0;
    case Op::lt:
      return order < 0;
    default:
      return order <= 0;
  }
}

}  // namespace

tl::unexpected<ApiError> unknown_property(const Table& table, std::string_view property) {
  return fail(400, "0x0",
              "Could not find a property named '" + std::string(property) + "' on type 'Microsoft.Dynamics.CRM." +
                  table.name + "'.");
}

std::optional<Value> parse_literal(std::string_view text) {
  if (text == "null") return Value{};
  if (text == "true") return Value{true};
  if (text == "false") return Value{false};
  if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'') {
    return Value{text::replace_all(std::string(text.substr(1, text.size() - 2)), "''", "'")};
  }
  if (const auto guid = parse_guid(text); guid && text.front() != '{') return Value{*guid};
  if (const auto whole = parse_integer(text)) return Value{*whole};
  if (const auto number = parse_number(text)) return Value{*number};
  if (const auto day = parse_date(text)) return Value{*day};
  if (const auto moment = parse_instant(text)) return Value{*moment};
  return std::nullopt;
}

Outcome<Expression> parse_expression(std::string_view text, Instant now, const Aliases& aliases) {
  auto tokens = tokens_of(text);
  if (!tokens)
    return fail(400, "0x80060888", "There is an unterminated string literal in '" + std::string(text) + "'.");
  return Parser(std::move(*tokens), text, now, aliases).run();
}

Outcome<void> bind_expression(Expression& expression, const Schema& schema, const Table& table) {
  for (Expression& child : expression.children) {
    if (auto bound = bind_expression(child, schema, table); !bound) return bound;
  }
  for (Operand& operand : expression.operands) {
    if (auto bound = bind_operand(operand, schema, table); !bound) return bound;
  }
  for (const Operand& property : expression.operands) {
    if (property.literal) continue;
    const Type type = property.table->columns[property.column].type;
    for (Operand& other : expression.operands) {
      const auto* text = std::get_if<std::string>(&other.value);
      const auto plain = other.quoted_anyway && text != nullptr ? parse_literal(*text) : std::nullopt;
      if (plain && !fits(type, other.value)) other.value = *plain;
      if (!other.literal || is_null(other.value) || fits(type, other.value)) continue;
      return fail(400, "0x80060888",
                  std::string("A binary operator with incompatible types was detected. Found operand types '") +
                      edm_name(type) + "' and '" + edm_name(other.value) + "' for operator kind 'Equal'.");
    }
  }
  return {};
}

bool holds(const Expression& e, const Getter& get) {
  const auto any_equal = [&] {
    const Value value = get(e.operands.front());
    return std::any_of(e.operands.begin() + 1, e.operands.end(), [&](const Operand& o) {
      const Value other = get(o);
      return is_null(value) == is_null(other) && compare_values(value, other) == 0;
    });
  };
  switch (e.op) {
    case Op::both:
      return std::all_of(e.children.begin(), e.children.end(), [&](const Expression& c) { return holds(c, get); });
    case Op::either:
      return std::any_of(e.children.begin(), e.children.end(), [&](const Expression& c) { return holds(c, get); });
    case Op::negation:
      return !holds(e.children.front(), get);
    case Op::eq:
    case Op::in:
      return any_equal();
    case Op::ne:
    case Op::not_in:
      return !any_equal();
    default:
      break;
  }
  const Value left = get(e.operands[0]);
  const Value right = get(e.operands[1]);
  if (is_null(left) || is_null(right)) return false;
  if (e.op == Op::contains || e.op == Op::starts_with || e.op == Op::ends_with) {
    const auto* text = std::get_if<std::string>(&left);
    const auto* part = std::get_if<std::string>(&right);
    return text != nullptr && part != nullptr && is_text_match(fold(*text), fold(*part), e.op);
  }
  if (e.op == Op::between) return compare_values(left, right) >= 0 && compare_values(left, get(e.operands[2])) <= 0;
  return is_ordered(e.op, compare_values(left, right));
}

Value value_of(const Model& model, const Row& row, const Operand& operand) {
  if (operand.literal) return operand.value;
  const std::uint16_t users = model.schema().get("systemuser").place;
  const Row* current = &row;
  RowPtr held;
  for (const std::uint16_t lookup : operand.lookups) {
    // The first lookups all start at the row's own table, whose column list the schema knows by the reference.
    const Value value = current->cell(lookup);
    const auto* ref = std::get_if<Ref>(&value);
    if (ref == nullptr) return {};
    held = model.find(*ref);
    if (held == nullptr || (&operand.lookups.back() == &lookup && ref->table != operand.table->place)) return {};
    current = held.get();
  }
  return current->read(operand.table->columns[operand.column], operand.column, users);
}

}  // namespace cosell::emulator::dynamics365
