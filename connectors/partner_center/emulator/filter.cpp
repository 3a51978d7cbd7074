// Reads and evaluates $filter expressions. See filter.h.
#include "connectors/partner_center/emulator/filter.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "connectors/partner_center/emulator/vocabulary.h"

namespace cosell::emulator::partner_center {

namespace {

struct Token {
  std::string text;
  bool quoted = false;
};

bool is_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("_-/:.+$@").find(c) != std::string::npos;
}

// Words, quoted texts ('' stands for one quote) and parentheses; empty when a quote is not closed.
std::optional<std::vector<Token>> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  std::size_t i = 0;
  while (i < text.size()) {
    Token token;
    if (text[i] == ' ') {
      ++i;
      continue;
    }
    if (text[i] == '\'') {
      token.quoted = true;
      for (++i;; ++i) {
        if (i >= text.size()) return std::nullopt;
        if (text[i] == '\'') {
          if (i + 1 >= text.size() || text[i + 1] != '\'') break;
          ++i;
        }
        token.text += text[i];
      }
      ++i;
    } else if (is_word_character(text[i])) {
      while (i < text.size() && is_word_character(text[i])) token.text += text[i++];
    } else {
      token.text = text[i++];
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

const std::string& field_of(const Referral& referral, const std::string& field) {
  if (field == "engagementId") return referral.engagement_id;
  if (field == "status") return referral.status;
  if (field == "substatus") return referral.substatus;
  if (field == "qualification") return referral.qualification;
  if (field == "type") return referral.type;
  if (field == "direction") return referral.direction;
  if (field == "customerProfile/address/country") return referral.country;
  return referral.external_reference_id;
}

// The words that a field can have; nullptr for a field with free text, nothing for a field that cannot be filtered.
std::optional<const Words*> words_of(const std::string& field, const Switches& settings) {
  if (field == "status") return &kStatuses;
  if (field == "substatus") return &kSubstatuses;
  if (field == "qualification") return &kQualifications;
  if (field == "type") return &kReferralTypes;
  if (field == "direction") return &kDirections;
  if (field == "engagementId" || field == "customerProfile/address/country") return nullptr;
  if (field == "externalReferenceId" && settings.on("filter_external_reference")) return nullptr;
  return std::nullopt;
}

bool is_guid(const std::string& text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
  }
  return true;
}

}  // namespace

// A recursive-descent reader: expression = term {or term}, term = factor {and factor}.
class FilterReader {
 public:
  FilterReader(std::vector<Token> tokens, const Switches& settings) : tokens_(std::move(tokens)), settings_(settings) {}

  Outcome<Filter> read() {
    Filter filter;
    filter.root_ = either();
    if (error_.empty() && place_ < tokens_.size()) fail("\"" + tokens_[place_].text + "\" was not expected.");
    if (!error_.empty()) {
      return tl::make_unexpected(invalid("$filter", "The filter is not supported: " + error_, "unsupportedFilter"));
    }
    return filter;
  }

 private:
  using Node = Filter::Node;
  using Kind = Filter::Kind;

  Node either() {
    Node node = both();
    while (error_.empty() && at("or")) {
      if (!settings_.on("filter_or")) return fail("\"or\" cannot be used.");
      ++place_;
      node = join(Kind::either, std::move(node), both());
    }
    return node;
  }

  Node both() {
    Node node = factor();
    while (error_.empty() && at("and")) {
      ++place_;
      node = join(Kind::both, std::move(node), factor());
    }
    return node;
  }

  static Node join(Kind kind, Node left, Node right) {
    Node node;
    node.kind = kind;
    node.parts.push_back(std::move(left));
    node.parts.push_back(std::move(right));
    return node;
  }

  Node factor() {
    if (++depth_ > 50) return fail("it nests too deep.");
    Node node = at("(") ? group() : at("not") ? negation() : at("team/any") ? team() : comparison();
    --depth_;
    return node;
  }

  Node group() {
    ++place_;
    Node node = either();
    expect(")");
    return node;
  }

  Node negation() {
    if (!settings_.on("filter_or")) return fail("\"not\" cannot be used.");
    ++place_;
    Node node;
    node.kind = Kind::negated;
    node.parts.push_back(factor());
    return node;
  }

  // team/any(t:t/email eq 'x')
  Node team() {
    ++place_;
    expect("(");
    const std::string lambda = word();
    const std::size_t colon = lambda.find(':');
    const std::string variable = lambda.substr(0, colon);
    // The blank after the colon is optional.
    std::string path = colon == std::string::npos ? "" : lambda.substr(colon + 1);
    if (path.empty()) path = word();
    if (variable.empty() || path != variable + "/email")
      return fail("only the e-mail address of the team can be used.");
    expect("eq");
    Node node;
    node.kind = Kind::team_email;
    node.text = text::lower_ascii(literal(true));
    expect(")");
    return node;
  }

  Node comparison() {
    const std::string field = word();
    const std::string op = word();
    if (!error_.empty()) return {};
    Node node = known_comparison(field, op);
    const Json& ignored = settings_.value("filter_ignored");
    return std::find(ignored.begin(), ignored.end(), field) == ignored.end() ? node : Node();
  }

  Node known_comparison(const std::string& field, const std::string& op) {
    if (field == "updatedDateTime" && settings_.on("filter_updated")) return updated(op);
    const std::optional<const Words*> words = words_of(field, settings_);
    if (!words) return fail("the property \"" + field + "\" cannot be filtered.");
    if (op != "eq") return fail("the operator \"" + op + "\" cannot be used with \"" + field + "\".");
    Node node;
    node.kind = Kind::text_equals;
    node.field = field;
    if (field == "engagementId" && is_quoted() && !settings_.on("filter_quoted_id")) {
      return fail("an id must not be quoted.");
    }
    node.text = literal(field != "engagementId" || !settings_.on("filter_unquoted_id"));
    if (field == "engagementId") {
      node.text = text::lower_ascii(node.text);
      if (error_.empty() && !is_guid(node.text)) return fail("\"" + node.text + "\" is not an id.");
    }
    if (*words != nullptr && error_.empty() && !is_one_of(**words, node.text)) {
      return fail("\"" + node.text + "\" is not a value of \"" + field + "\".");
    }
    return node;
  }

  Node updated(const std::string& op) {
    if (!is_one_of({"eq", "ge", "gt", "le", "lt"}, op)) return fail("the operator \"" + op + "\" is not known.");
    if (!settings_.on(is_quoted() ? "filter_updated_quoted" : "filter_updated_bare")) {
      return fail(is_quoted() ? "a date must not be quoted." : "a date must be quoted.");
    }
    Node node;
    node.kind = Kind::updated;
    node.op = op;
    const std::string date = literal(false);
    const std::optional<std::int64_t> ticks = parse_ticks(date);
    if (!ticks) return fail("\"" + date + "\" is not a date and time.");
    node.ticks = *ticks;
    return node;
  }

  bool is_quoted() const { return place_ < tokens_.size() && tokens_[place_].quoted; }

  std::string literal(bool must_be_quoted) {
    if (place_ < tokens_.size() && must_be_quoted && !tokens_[place_].quoted) {
      fail("the text \"" + tokens_[place_].text + "\" must be quoted.");
      return "";
    }
    if (is_quoted()) return tokens_[place_++].text;
    return word();
  }

  std::string word() {
    if (place_ >= tokens_.size()) {
      fail("it ends too early.");
      return "";
    }
    if (tokens_[place_].quoted) {
      fail("a text stands where a name was expected.");
      return "";
    }
    return tokens_[place_++].text;
  }

  bool at(std::string_view text) const {
    return place_ < tokens_.size() && !tokens_[place_].quoted && tokens_[place_].text == text;
  }

  void expect(std::string_view text) {
    if (at(text)) {
      ++place_;
    } else {
      fail("\"" + std::string(text) + "\" is missing.");
    }
  }

  Node fail(const std::string& why) {
    if (error_.empty()) error_ = why;
    return {};
  }

  std::vector<Token> tokens_;
  const Switches& settings_;
  std::size_t place_ = 0;
  int depth_ = 0;
  std::string error_;
};

Outcome<Filter> Filter::read(std::string_view text, const Switches& settings) {
  if (text::trim(text).empty()) return Filter();
  std::optional<std::vector<Token>> tokens = tokens_of(text);
  if (!tokens) return tl::make_unexpected(invalid("$filter", "A quote is not closed.", "unsupportedFilter"));
  return FilterReader(std::move(*tokens), settings).read();
}

bool Filter::passes(const Referral& referral) const { return passes(root_, referral); }

bool Filter::passes(const Node& node, const Referral& referral) {
  switch (node.kind) {
    case Kind::everything:
      return true;
    case Kind::both:
      return passes(node.parts[0], referral) && passes(node.parts[1], referral);
    case Kind::either:
      return passes(node.parts[0], referral) || passes(node.parts[1], referral);
    case Kind::negated:
      return !passes(node.parts[0], referral);
    case Kind::text_equals:
      return field_of(referral, node.field) == node.text;
    case Kind::team_email:
      return std::find(referral.team_emails.begin(), referral.team_emails.end(), node.text) !=
             referral.team_emails.end();
    case Kind::updated:
      if (node.op == "eq") return referral.updated == node.ticks;
      if (node.op == "ge") return referral.updated >= node.ticks;
      if (node.op == "gt") return referral.updated > node.ticks;
      return node.op == "le" ? referral.updated <= node.ticks : referral.updated < node.ticks;
  }
  return false;
}

std::optional<std::string> Filter::engagement_id() const {
  std::vector<const Node*> open = {&root_};
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    if (node->kind == Kind::text_equals && node->field == "engagementId") return node->text;
    if (node->kind != Kind::both) continue;
    for (const Node& part : node->parts) open.push_back(&part);
  }
  return std::nullopt;
}

std::optional<std::int64_t> Filter::updated_from() const {
  std::optional<std::int64_t> from;
  std::vector<const Node*> open = {&root_};
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    const bool lower_bound = node->kind == Kind::updated && node->op != "le" && node->op != "lt";
    if (lower_bound) from = std::max(from.value_or(node->ticks), node->ticks);
    if (node->kind != Kind::both) continue;
    for (const Node& part : node->parts) open.push_back(&part);
  }
  return from;
}

}  // namespace cosell::emulator::partner_center
