// GET of a set of rows: filter, order, pages. Pages go on behind the last row that was shown, not at a number of rows,
// so that rows which come or go meanwhile neither hide nor repeat others.
#include <algorithm>

#include "base/text.h"
#include "connectors/dynamics365/emulator/query.h"
#include "connectors/emulator/toolkit.h"

namespace cosell::emulator::dynamics365 {

namespace {

constexpr std::size_t kCountMax = 5000;

// Where a page begins: behind this row. Without an order only the position counts.
struct Start {
  bool set = false;
  std::uint32_t position = 0;
  std::vector<Value> values = {};
  std::int64_t page = 1;
};

// The ids of which a row that matches the filter has to have one; nothing when the filter does not say. What else is
// asked for is judged row by row.
std::optional<std::vector<Guid>> ids_wanted(const Expression& filter, const Table& table) {
  if (filter.op == Op::both) {
    for (const Expression& child : filter.children) {
      if (auto ids = ids_wanted(child, table)) return ids;
    }
  }
  if (filter.op != Op::in && filter.op != Op::eq) return std::nullopt;
  const Operand& property = filter.operands.front();
  if (property.literal || !property.lookups.empty() || property.column != table.primary_id) return std::nullopt;
  std::vector<Guid> ids;
  for (auto operand = filter.operands.begin() + 1; operand != filter.operands.end(); ++operand) {
    const auto* id = operand->literal ? std::get_if<Guid>(&operand->value) : nullptr;
    if (id == nullptr) return std::nullopt;
    ids.push_back(*id);
  }
  return ids;
}

class Lister {
 public:
  Lister(const Call& call, const Table& table, const Query& query)
      : call_(call),
        model_(call.state().model),
        rows_(model_.rows(table)),
        table_(table),
        query_(query),
        users_(model_.schema().get("systemuser").place) {
    if (query.filter) look_up(ids_wanted(*query.filter, table));
  }

  bool matches(const Row& row) const {
    if (is_hidden(call_, row)) return false;
    if (!query_.filter) return true;
    return holds(*query_.filter, [&](const Operand& o) { return value_of(model_, row, o); });
  }

  std::size_t count() const {
    std::size_t n = 0;
    for (const RowPtr& row : candidates()) {
      if (row != nullptr && matches(*row) && ++n == kCountMax) break;
    }
    return n;
  }

  // Up to `limit` rows behind the start.
  std::vector<RowPtr> take(const Start& start, std::size_t limit) const {
    std::vector<RowPtr> taken;
    const bool ordered = !query_.order.empty();
    const auto& rows = candidates();
    // Without an index, the place of a row is its position.
    for (std::size_t i = start.set && !ordered && !looked_up_ ? start.position + 1 : 0; i < rows.size(); ++i) {
      const RowPtr& row = rows[i];
      if (row == nullptr || (start.set && !is_behind(*row, start)) || !matches(*row)) continue;
      taken.push_back(row);
      if (!ordered && taken.size() == limit) break;
    }
    if (!ordered) return taken;
    const std::size_t keep = std::min(limit, taken.size());
    const auto middle = taken.begin() + static_cast<std::ptrdiff_t>(keep);
    std::partial_sort(taken.begin(), middle, taken.end(),
                      [this](const RowPtr& a, const RowPtr& b) { return is_before(*a, *b); });
    taken.resize(keep);
    return taken;
  }

  std::vector<Value> order_values(const Row& row) const {
    std::vector<Value> values;
    for (const Order& o : query_.order) values.push_back(row.read(table_.columns[o.column], o.column, users_));
    return values;
  }

 private:
  bool is_before(const Row& a, const Row& b) const {
    for (const Order& o : query_.order) {
      const Column& column = table_.columns[o.column];
      const int c = compare_values(a.read(column, o.column, users_), b.read(column, o.column, users_));
      if (c != 0) return o.descending ? c > 0 : c < 0;
    }
    return a.position < b.position;
  }

  bool is_behind(const Row& row, const Start& start) const {
    for (std::size_t i = 0; i < query_.order.size(); ++i) {
      const Order& o = query_.order[i];
      const int c = compare_values(row.read(table_.columns[o.column], o.column, users_), start.values[i]);
      if (c != 0) return o.descending ? c < 0 : c > 0;
    }
    return row.position > start.position;
  }

  // In the order of their creation, as without an index.
  void look_up(std::optional<std::vector<Guid>> ids) {
    if (!ids) return;
    looked_up_.emplace();
    for (const Guid& id : *ids) {
      if (RowPtr row = rows_.by_id(id)) looked_up_->push_back(std::move(row));
    }
    const auto earlier = [](const RowPtr& a, const RowPtr& b) { return a->position < b->position; };
    std::sort(looked_up_->begin(), looked_up_->end(), earlier);
    looked_up_->erase(std::unique(looked_up_->begin(), looked_up_->end()), looked_up_->end());
  }
  const std::vector<RowPtr>& candidates() const { return looked_up_ ? *looked_up_ : rows_.all(); }

  const Call& call_;
  const Model& model_;
  const Rows& rows_;
  const Table& table_;
  const Query& query_;
  std::uint16_t users_;
  std::optional<std::vector<RowPtr>> looked_up_;  // the only rows that can match, where the filter names ids
};

Outcome<Start> read_start(const Call& call, const Query& query) {
  Start start;
  if (!query.skip_token) return start;
  const auto token = open_token(*query.skip_token);
  const bool shaped = token && token->contains("at") && token->at("at").is_number_integer() &&
                      token->contains("page") && token->at("page").is_number_integer();
  if (!shaped) return fail(400, "0x80040203", "The paging cookie in $skiptoken is malformed.");
  start.set = true;
  start.position = static_cast<std::uint32_t>(token->at("at").get<std::int64_t>());
  start.page = token->at("page").get<std::int64_t>();
  if (token->contains("values") && token->at("values").is_array()) {
    for (const Json& v : token->at("values")) start.values.push_back(unpack_value(call.state(), v));
  }
  if (start.values.size() != query.order.size()) {
    return fail(400, "0x80040203", "The paging cookie in $skiptoken does not fit $orderby.");
  }
  return start;
}

std::string next_link(const Call& call, const Query& query, const Lister& lister, const Row& last, std::int64_t page) {
  Json token{{"page", page}, {"at", last.position}};
  if (!query.order.empty()) {
    Json values = Json::array();
    for (const Value& v : lister.order_values(last)) values.push_back(pack_value(call.state(), v));
    token["values"] = std::move(values);
  }
  return link_with(call, *query.selection.table, "$skiptoken", seal_token(token));
}

void put_counts(const Call& call, const Query& query, const Lister& lister, Json& body) {
  const bool annotated = call.prefer.wants("Microsoft.Dynamics.CRM.totalrecordcount");
  if (!query.count && !annotated) return;
  const std::int64_t total = query.count ? static_cast<std::int64_t>(lister.count()) : -1;
  if (query.count) body["@odata.count"] = total;
  if (annotated) {
    body["@Microsoft.Dynamics.CRM.totalrecordcount"] = total;
    body["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] = total >= static_cast<std::int64_t>(kCountMax);
  }
}

}  // namespace

bool is_hidden(const Call& call, const Row& row) {
  const auto& hidden = call.state().settings.hidden_rows;
  return std::any_of(hidden.begin(), hidden.end(), [&](const std::string& id) { return parse_guid(id) == row.id; });
}

std::string seal_token(const Json& token) { return text::base64url_encode(write_json(token)); }

std::optional<Json> open_token(const std::string& text) {
  auto token = read_json(text::base64_decode(text));
  if (!token || !token->is_object()) return std::nullopt;
  return token;
}

std::size_t page_size_of(const Call& call) {
  const std::int64_t most = call.state().settings.page_size;
  const std::int64_t wanted = call.prefer.page.value_or(most);
  return static_cast<std::size_t>(std::max<std::int64_t>(1, std::min(wanted, most)));
}

std::string link_with(const Call& call, const Table& table, const std::string& option, const std::string& value) {
  std::string link = call.context.root + table.set + "?";
  for (const std::string& part : text::split(call.raw_query, '&')) {
    const std::string name = text::percent_decode(part.substr(0, part.find('=')));
    if (!part.empty() && name != "$skiptoken" && name != "$deltatoken") link += part + "&";
  }
  return link + option + "=" + text::percent_encode(value);
}

void tell_applied(const Call& call, Answer& answer) {
  std::vector<std::string> applied;
  if (call.prefer.page) applied.push_back("odata.maxpagesize=" + std::to_string(*call.prefer.page));
  if (!call.prefer.annotations.empty()) {
    applied.push_back("odata.include-annotations=\"" + text::join(call.prefer.annotations, ",") + "\"");
  }
  if (call.prefer.track) applied.push_back("odata.track-changes");
  if (!applied.empty()) answer.headers.set("Preference-Applied", text::join(applied, ","));
}

Answer list_rows(const Call& call, const Table& table) {
  if (auto allowed = need_privilege(call, "Read", table); !allowed) return refuse(allowed.error());
  const auto query = read_query(call, table);
  if (!query) return refuse(query.error());
  const auto cookie = query->skip_token ? open_token(*query->skip_token) : std::nullopt;
  const bool tracked_page = cookie && cookie->contains("until");
  if (call.prefer.track || query->delta_token || tracked_page) return tracked_rows(call, *query);

  const auto start = read_start(call, *query);
  if (!start) return refuse(start.error());
  const Lister lister(call, table, *query);
  // A page size switches $top off.
  const bool topped = query->top && !call.prefer.page;
  const std::size_t page = topped ? std::min(*query->top, page_size_of(call)) : page_size_of(call);
  std::vector<RowPtr> rows = lister.take(*start, page + 1);
  const bool more = rows.size() > page;
  if (more) rows.resize(page);

  Renderer renderer(call);
  Json body = Json::object();
  body["@odata.context"] = call.context.root + "$metadata#" + table.set + Renderer::context_of(query->selection);
  put_counts(call, *query, lister, body);
  Json value = Json::array();
  for (const RowPtr& row : rows) value.push_back(renderer.row(*row, query->selection));
  body["value"] = std::move(value);
  if (more && !topped) body["@odata.nextLink"] = next_link(call, *query, lister, *rows.back(), start->page + 1);
  Answer answer = with_body(std::move(body));
  tell_applied(call, answer);
  return answer;
}

Answer count_rows(const Call& call, const Table& table) {
  if (auto allowed = need_privilege(call, "Read", table); !allowed) return refuse(allowed.error());
  if (call.option("$deltatoken")) return tracked_count(call, table);
  const auto query = read_query(call, table);
  if (!query) return refuse(query.error());
  Answer answer;
  answer.text = std::to_string(Lister(call, table, *query).count());
  answer.content_type = "text/plain";
  return answer;
}

}  // namespace cosell::emulator::dynamics365
