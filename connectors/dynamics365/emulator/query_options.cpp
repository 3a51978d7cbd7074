// The system query options of a request: $select, $expand, $filter, $orderby, $top, $count and the continuations.
#include <algorithm>

#include "base/text.h"
#include "connectors/dynamics365/emulator/query.h"

namespace cosell::emulator::dynamics365 {

namespace {

constexpr int kExpandDepthMax = 4;

// Splits at a mark outside parentheses and quotes.
std::vector<std::string> split_outside(const std::string& text, char mark) {
  std::vector<std::string> parts(1);
  int depth = 0;
  bool quoted = false;
  for (const char c : text) {
    if (c == '\'') quoted = !quoted;
    if (!quoted && c == '(') ++depth;
    if (!quoted && c == ')') --depth;
    if (c == mark && depth == 0 && !quoted) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

Outcome<void> read_select(Selection& selection, const std::string& select) {
  if (text::trim(select).empty() || text::trim(select) == "*") {
    selection.all = true;
    return {};
  }
  for (const std::string& part : text::split(select, ',')) {
    const std::string name = text::trim(part);
    const auto column = selection.table->find_property(name);
    if (!column) return unknown_property(*selection.table, name);
    selection.columns.push_back(*column);
    // Amounts come with their currency.
    const auto currency = selection.table->find("transactioncurrencyid");
    if (selection.table->columns[*column].type == Type::money && currency) selection.columns.push_back(*currency);
  }
  return {};
}

Outcome<void> read_expand(Selection& selection, const Schema& schema, const std::string& expand, int depth);

Outcome<void> read_inner(Selection& selection, const Schema& schema, const std::string& inner, int depth) {
  for (const std::string& option : split_outside(inner, ';')) {
    const std::size_t equals = option.find('=');
    if (equals == std::string::npos)
      return fail(400, "0x80060888", "The $expand option '" + option + "' is malformed.");
    const std::string name = text::trim(option.substr(0, equals));
    Outcome<void> read = {};
    if (name == "$select") {
      selection.all = false;
      read = read_select(selection, option.substr(equals + 1));
    } else if (name == "$expand") {
      read = read_expand(selection, schema, option.substr(equals + 1), depth + 1);
    } else {
      return fail(400, "0x80060888", "The option " + name + " is not supported inside $expand.");
    }
    if (!read) return read;
  }
  return {};
}

Outcome<Expansion> find_expansion(const Table& table, const Schema& schema, const std::string& name) {
  Expansion e;
  e.navigation = name;
  e.from = &table;
  if (const auto navigation = table.find_navigation(name)) {
    e.column = navigation->column;
    e.table = &schema.get(navigation->target->table);
    e.principal = name == "ownerid";
    return e;
  }
  const Collection* collection = table.find_collection(name);
  if (collection == nullptr) return unknown_property(table, name);
  e.table = &schema.get(collection->table);
  e.column = e.table->at(collection->column);
  e.collection = true;
  return e;
}

Outcome<void> read_principal(const std::string& inner) {
  if (inner == "$select=ownerid") return {};
  return fail(400, "0x0",
              "Could not find a property named '" + inner.substr(inner.find('=') + 1) +
                  "' on type 'Microsoft.Dynamics.CRM.principal'.");
}

Outcome<void> read_expand(Selection& selection, const Schema& schema, const std::string& expand, int depth) {
  if (depth > kExpandDepthMax) return fail(400, "0x80060888", "$expand nests too deeply.");
  for (const std::string& part : split_outside(expand, ',')) {
    const std::string item = text::trim(part);
    const std::size_t open = item.find('(');
    auto expansion = find_expansion(*selection.table, schema, text::trim(item.substr(0, open)));
    if (!expansion) return tl::unexpected<ApiError>(expansion.error());
    expansion->selection.table = expansion->table;
    expansion->selection.all = true;
    if (open != std::string::npos) {
      if (item.back() != ')') return fail(400, "0x80060888", "The $expand option '" + item + "' is malformed.");
      const std::string inner = item.substr(open + 1, item.size() - open - 2);
      const auto read =
          expansion->principal ? read_principal(inner) : read_inner(expansion->selection, schema, inner, depth);
      if (!read) return read;
    }
    selection.expansions.push_back(std::move(*expansion));
  }
  return {};
}

Outcome<void> read_order(Query& query, const std::string& text) {
  const Table& table = *query.selection.table;
  for (const std::string& part : text::split(text, ',')) {
    const std::vector<std::string> words = text::split(text::trim(part), ' ');
    const auto column = table.find_property(words[0]);
    if (!column) return unknown_property(table, words[0]);
    const std::string direction = words.size() > 1 ? words.back() : "asc";
    if (words.size() > 2 || (direction != "asc" && direction != "desc")) {
      return fail(400, "0x80060888", "Syntax error in $orderby: '" + text + "'.");
    }
    query.order.push_back(Order{*column, direction == "desc"});
  }
  return {};
}

Outcome<void> check_options(const Call& call) {
  static const std::vector<std::string> kKnown = {"$select", "$expand", "$filter",    "$orderby",   "$top",
                                                  "$count",  "$format", "$skiptoken", "$deltatoken"};
  for (const auto& option : call.query) {
    const bool system = text::starts_with(option.first, "$");
    if (!system || std::find(kKnown.begin(), kKnown.end(), option.first) != kKnown.end()) continue;
    return fail(400, "0x80060888", "The query parameter " + option.first + " is not supported");
  }
  return {};
}

}  // namespace

Outcome<Selection> read_selection(const Call& call, const Table& table) {
  Selection selection;
  selection.table = &table;
  if (auto known = check_options(call); !known) return tl::unexpected<ApiError>(known.error());
  if (auto read = read_select(selection, call.option("$select").value_or("")); !read) {
    return tl::unexpected<ApiError>(read.error());
  }
  if (const auto expand = call.option("$expand")) {
    auto read = read_expand(selection, call.state().model.schema(), *expand, 0);
    if (!read) return tl::unexpected<ApiError>(read.error());
  }
  return selection;
}

Outcome<Query> read_query(const Call& call, const Table& table) {
  Query query;
  auto selection = read_selection(call, table);
  if (!selection) return tl::unexpected<ApiError>(selection.error());
  query.selection = std::move(*selection);
  if (const auto filter = call.option("$filter")) {
    auto parsed =
        parse_expression(*filter, call.context.now, [&](const std::string& name) { return call.option(name); });
    if (!parsed) return tl::unexpected<ApiError>(parsed.error());
    auto bound = bind_expression(*parsed, call.state().model.schema(), table);
    if (!bound) return tl::unexpected<ApiError>(bound.error());
    query.filter = std::move(*parsed);
  }
  if (const auto order = call.option("$orderby")) {
    if (auto read = read_order(query, *order); !read) return tl::unexpected<ApiError>(read.error());
  }
  if (const auto top = call.option("$top")) {
    const auto number = parse_integer(*top);
    if (!number || *number < 0)
      return fail(400, "0x80060888", "Invalid value '" + *top + "' for $top query option found.");
    query.top = static_cast<std::size_t>(*number);
  }
  query.count = call.option("$count") == "true";
  query.skip_token = call.option("$skiptoken");
  query.delta_token = call.option("$deltatoken");
  return query;
}

}  // namespace cosell::emulator::dynamics365
