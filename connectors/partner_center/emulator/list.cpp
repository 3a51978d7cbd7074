// Answers the list call of the emulated service. See list.h.
#include "connectors/partner_center/emulator/list.h"

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "connectors/partner_center/emulator/filter.h"
#include "connectors/partner_center/emulator/shape.h"

namespace cosell::emulator::partner_center {

namespace {

constexpr const char* kContext = "http://api.partner.microsoft.com/v1.0/$metadata#Referrals";

struct Query {
  std::string filter;
  std::string order;  // "updatedDateTime desc"
  std::vector<std::string> select;
  std::optional<std::int64_t> top;  // rows that may still be answered
  std::int64_t skip = 0;
  bool count = false;
  // Where a next link goes on.
  std::optional<std::pair<std::int64_t, std::string>> after;

  bool by_updated() const { return text::starts_with(order, "updated"); }
  bool descending() const { return text::ends_with(order, " desc"); }
};

Json saved(const Query& query) {
  Json state{{"filter", query.filter},
             {"order", query.order},
             {"select", query.select},
             {"skip", query.skip},
             {"count", query.count}};
  if (query.top) state["top"] = *query.top;
  if (query.after) state["after"] = Json::array({query.after->first, query.after->second});
  return state;
}

Query restored(const Json& state) {
  Query query;
  query.filter = state.at("filter").get<std::string>();
  query.order = state.at("order").get<std::string>();
  for (const Json& name : state.at("select")) query.select.push_back(name.get<std::string>());
  query.skip = state.at("skip").get<std::int64_t>();
  query.count = state.at("count").get<bool>();
  if (state.contains("top")) query.top = state["top"].get<std::int64_t>();
  if (state.contains("after")) {
    query.after = std::make_pair(state["after"][0].get<std::int64_t>(), state["after"][1].get<std::string>());
  }
  return query;
}

tl::unexpected<Problem> wrong(const char* option, const std::string& message) {
  return tl::make_unexpected(invalid(option, message, "invalidQuery"));
}

std::optional<std::int64_t> whole_number(const std::string& text) {
  if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return std::stoll(text);
}

Outcome<std::string> order_from(const std::string& text) {
  std::vector<std::string> words;
  for (std::string& word : text::split(text::trim(text), ' ')) {
    if (!word.empty()) words.push_back(std::move(word));
  }
  const bool known_field = !words.empty() && (words[0] == "createdDateTime" || words[0] == "updatedDateTime");
  const std::string way = words.size() > 1 ? words[1] : "asc";
  if (!known_field || words.size() > 2 || (way != "asc" && way != "desc")) {
    return wrong("$orderby", "Referrals are ordered by createdDateTime or updatedDateTime, asc or desc.");
  }
  return words[0] + " " + way;
}

Outcome<std::vector<std::string>> select_from(const std::string& text) {
  std::vector<std::string> names;
  for (const std::string& part : text::split(text, ',')) {
    const std::string name = text::trim(part);
    if (!blank_referral().contains(name)) return wrong("$select", "There is no property \"" + name + "\".");
    names.push_back(name);
  }
  return names;
}

Check read_option(const Switches& settings, const std::string& name, const std::string& value, Query& query) {
  if (name == "$filter") {
    query.filter = value;
  } else if (name == "$orderby") {
    Outcome<std::string> order = order_from(value);
    if (!order) return order.error();
    query.order = *order;
  } else if (name == "$select") {
    Outcome<std::vector<std::string>> select = select_from(value);
    if (!select) return select.error();
    query.select = *select;
  } else if (name == "$top" || name == "$skip") {
    const std::optional<std::int64_t> number = whole_number(value);
    const bool skip = name == "$skip";
    if (!number || (skip && !settings.on("skip_supported"))) {
      return invalid(name, name + " \"" + value + "\" is not supported.", "invalidQuery");
    }
    if (skip) {
      query.skip = *number;
    } else {
      query.top = *number;
    }
  } else if (name == "$count") {
    if (value != "true" && value != "false") return invalid(name, "$count is true or false.", "invalidQuery");
    query.count = value == "true";
  } else if (!name.empty() && name[0] == '$' && name != "$format") {
    return invalid(name, "The query option " + name + " is not supported.", "invalidQuery");
  }
  return std::nullopt;
}

Outcome<Query> query_from(const Call& call, const PageTokens& tokens, const Target& target) {
  const std::optional<std::string> token = target.value("$skiptoken");
  if (token) {
    const std::optional<Json> state =
        tokens.redeem(*token, call.now, seconds(call.settings.number("skiptoken_seconds")));
    if (!state) return wrong("$skiptoken", "The continuation token is not valid or has expired.");
    return restored(*state);
  }
  Query query;
  query.order = call.settings.text("default_order");
  for (const auto& option : target.query) {
    Check check = read_option(call.settings, option.first, option.second, query);
    if (check) return tl::make_unexpected(*check);
  }
  return query;
}

bool names(const Referral& referral, const std::string& email) {
  return std::find(referral.team_emails.begin(), referral.team_emails.end(), email) != referral.team_emails.end();
}

// A caller with the lesser role sees the deals of one e-mail address only.
std::optional<std::string> restricted_to(const Switches& settings) {
  if (settings.text("caller_role") != "user") return std::nullopt;
  return text::lower_ascii(settings.text("caller_email"));
}

struct Page {
  std::vector<const Referral*> rows;
  bool more = false;
  std::int64_t total = 0;  // only when asked for
};

// Walks the rows in the asked order and stops as early as it can.
class Walk {
 public:
  Walk(const Call& call, const Query& query, const Filter& filter, std::size_t page_size, bool whole)
      : call_(call), query_(query), filter_(filter), page_size_(page_size), whole_(whole) {
    const Switches& settings = call.settings;
    engagement_ = filter.engagement_id();
    from_ = query.by_updated() && query.descending() ? filter.updated_from() : std::nullopt;
    caller_ = restricted_to(settings);
    shows_halves_ = engagement_ || settings.on("list_shows_microsoft_half");
    newest_ = settings.number("list_lag_ms") > 0 ? call.now - milliseconds(settings.number("list_lag_ms"))
                                                 : Instant{std::numeric_limits<std::int64_t>::max()};
    skip_ = query.skip;
    if (!query.after) return;
    last_.id = query.after->second;
    after_ = {query.after->first, &last_};
  }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  Page run() {
    if (engagement_) {
      for (const Model::Place& place : engagement_places()) {
        if (!step(place)) break;
      }
      return std::move(page_);
    }
    const Model::Index& index = query_.by_updated() ? call_.model.by_updated() : call_.model.by_created();
    if (query_.descending()) {
      auto at = index.rbegin();
      if (query_.after && !whole_) at = std::make_reverse_iterator(index.lower_bound(after_));
      while (at != index.rend() && step(*at)) ++at;
    } else {
      auto at = index.begin();
      if (query_.after && !whole_) at = index.upper_bound(after_);
      while (at != index.end() && step(*at)) ++at;
    }
    return std::move(page_);
  }

 private:
  std::vector<Model::Place> engagement_places() const {
    std::vector<Model::Place> places;
    for (const Referral* referral : call_.model.engagement(*engagement_)) {
      places.push_back({query_.by_updated() ? referral->updated : referral->created, referral});
    }
    std::sort(places.begin(), places.end());
    if (query_.descending()) std::reverse(places.begin(), places.end());
    return places;
  }

  bool listed(const Referral& referral) const {
    if (referral.of_microsoft() && !shows_halves_) return false;
    if (instant_of_ticks(referral.created) > newest_) return false;
    return (!caller_ || names(referral, *caller_)) && filter_.passes(referral);
  }

  // Looks at one row; false ends the walk.
  bool step(const Model::Place& place) {
    if (from_ && place.at < *from_) return false;
    if (!listed(*place.referral)) return true;
    ++page_.total;
    if (query_.after && is_before_page(place)) return true;
    if (skip_ > 0) {
      --skip_;
      return true;
    }
    if (page_.rows.size() < page_size_) {
      page_.rows.push_back(place.referral);
      return true;
    }
    page_.more = true;
    return whole_;
  }

  bool is_before_page(const Model::Place& place) const {
    return query_.descending() ? !(place < after_) : !(after_ < place);
  }

  const Call& call_;
  const Query& query_;
  const Filter& filter_;
  std::size_t page_size_;
  bool whole_;  // count every hit, also those on other pages
  std::optional<std::string> engagement_;
  std::optional<std::int64_t> from_;
  std::optional<std::string> caller_;  // only deals whose team has this address
  bool shows_halves_ = false;
  Instant newest_;  // later ones are not in the index yet
  std::int64_t skip_ = 0;
  Referral last_;  // stands for the last row of the page before, which may have moved since
  Model::Place after_;
  Page page_;
};

// The query that the next link stands for; nothing when this is the last page.
std::optional<Query> query_after(const Switches& settings, Query query, const Page& page) {
  if (!page.more || page.rows.empty()) return std::nullopt;
  const auto answered = static_cast<std::int64_t>(page.rows.size());
  if (query.top && !settings.on("top_is_page_size")) {
    *query.top -= answered;
    if (*query.top <= 0) return std::nullopt;
  }
  if (settings.text("paging") == "row_number") {
    query.skip += answered;
    return query;
  }
  const Referral& last = *page.rows.back();
  query.skip = 0;
  query.after = std::make_pair(query.by_updated() ? last.updated : last.created, last.id);
  return query;
}

std::string next_link(const Switches& settings, const std::string& token, const std::string& host) {
  if (settings.on("defective_next_link")) {
    return "http://api.partner.microsoft.com/v1.0/referrals?$skiptoken=" + token;
  }
  return "http://" + host + "/v1.0/engagements/referrals?$skiptoken=" + token;
}

std::string selected(const Switches& settings, const Referral& referral, const std::vector<std::string>& select) {
  const bool hide_tag = !settings.on("list_shows_etag");
  if (select.empty() && !hide_tag) return shown(settings, referral);
  const std::optional<Json> whole = read_json(shown(settings, referral));
  Json row = Json::object();
  for (const auto& item : whole->items()) {
    const bool wanted = select.empty() || std::find(select.begin(), select.end(), item.key()) != select.end();
    if (wanted && !(hide_tag && item.key() == "eTag")) row[item.key()] = item.value();
  }
  return write_json(row);
}

// How many rows a page may have: the service's own size, what the client prefers where that is honoured, and $top.
std::size_t page_size_for(const Switches& settings, const Query& query, const http::Request& request) {
  std::int64_t size = settings.number("page_size");
  const std::string prefer = text::lower_ascii(request.headers.get("Prefer"));
  const std::string_view preference = "odata.maxpagesize=";
  const std::size_t at = prefer.find(preference);
  if (settings.on("honours_maxpagesize") && at != std::string::npos) {
    const std::size_t start = at + preference.size();
    const std::string digits = prefer.substr(start, prefer.find_first_not_of("0123456789", start) - start);
    size = std::min<std::int64_t>(std::max<std::int64_t>(whole_number(digits).value_or(size), 1), 1000);
  }
  if (query.top) size = settings.on("top_is_page_size") ? *query.top : std::min(size, *query.top);
  return static_cast<std::size_t>(size);
}

}  // namespace

bool is_visible(const Switches& settings, const Referral& referral) {
  const std::optional<std::string> email = restricted_to(settings);
  return !email || names(referral, *email);
}

std::string shown(const Switches& settings, const Referral& referral) {
  if (!referral.of_microsoft() || settings.text("microsoft_half_fields") == "full") return referral.text;
  const Json whole = document_of(referral);
  Json brief = Json::object();
  for (const char* name : {"id", "engagementId", "organizationId", "organizationName", "createdDateTime",
                           "updatedDateTime", "expirationDateTime", "status", "substatus", "type", "target"}) {
    brief[name] = whole.at(name);
  }
  return write_json(brief);
}

Outcome<http::Response> list_referrals(Call& call, PageTokens& tokens, const Target& target,
                                       const http::Request& request) {
  Outcome<Query> query = query_from(call, tokens, target);
  if (!query) return tl::make_unexpected(query.error());
  Outcome<Filter> filter = Filter::read(query->filter, call.settings);
  if (!filter) return tl::make_unexpected(filter.error());

  const std::size_t page_size = page_size_for(call.settings, *query, request);
  const bool counted = query->count || call.settings.text("count_shown") == "always";
  const bool whole = counted && (query->count || call.settings.text("count_meaning") == "total");
  const Page page = Walk(call, *query, *filter, page_size, whole).run();

  std::string body = "{\"@odata.context\":\"" + std::string(kContext) + "\"";
  if (counted) {
    const auto rows = static_cast<std::int64_t>(page.rows.size());
    body += ",\"@odata.count\":" + std::to_string(whole ? page.total : rows);
  }
  body += ",\"value\":[";
  for (std::size_t i = 0; i < page.rows.size(); ++i) {
    if (i > 0) body += ',';
    body += selected(call.settings, *page.rows[i], query->select);
  }
  body += "]";
  const std::optional<Query> next = query_after(call.settings, *query, page);
  if (next) {
    const std::string token = tokens.issue(saved(*next), call.now, call.random);
    body += ",\"@odata.nextLink\":" + write_json(Json(next_link(call.settings, token, request.headers.get("Host"))));
  }
  return json_text_answer(200, body + "}");
}

}  // namespace cosell::emulator::partner_center
