// The shared helpers of emulator cores. See toolkit.h; nothing here knows a rule of one of the systems.
#include "connectors/emulator/toolkit.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>

#include "base/text.h"

namespace cosell::emulator {

namespace {

constexpr int kDepthMax = 64;
constexpr std::array<const char*, 7> kWeekdays = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Counts brackets outside strings, so that a hostile body cannot exhaust the stack when it is written again.
bool nests_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kDepthMax) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

bool all_of(std::string_view s, int (*is_kind)(int)) {
  return !s.empty() &&
         std::all_of(s.begin(), s.end(), [is_kind](char c) { return is_kind(static_cast<unsigned char>(c)) != 0; });
}

bool looks_like_guid(std::string_view s) {
  if (s.size() != 36) return false;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? s[i] != '-' : std::isxdigit(static_cast<unsigned char>(s[i])) == 0) return false;
  }
  return true;
}

bool looks_like_crm_id(std::string_view s) {
  return (s.size() == 15 || s.size() == 18) && all_of(s, &std::isalnum) &&
         std::isdigit(static_cast<unsigned char>(s[0])) != 0;
}

bool looks_like_version(std::string_view s) {
  return s.size() > 1 && s[0] == 'v' && std::isdigit(static_cast<unsigned char>(s[1])) != 0;
}

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  for (std::string& part : text::split(path, '/')) {
    if (!part.empty()) parts.push_back(std::move(part));
  }
  return parts;
}

bool same_type(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) return a.is_number_float() || b.is_number_integer();
  return a.type() == b.type();
}

const char* type_in_words(const Json& value) {
  if (value.is_boolean()) return "true or false";
  if (value.is_number_integer()) return "a whole number";
  if (value.is_number()) return "a number";
  if (value.is_string()) return "a text";
  if (value.is_array()) return "a list";
  return "an object";
}

}  // namespace

std::string write_json(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::optional<Json> read_json(std::string_view text) {
  if (nests_too_deep(text)) return std::nullopt;
  Json value = Json::parse(text.begin(), text.end(), nullptr, false);
  if (value.is_discarded()) return std::nullopt;
  return value;
}

std::string text_at(const Json& object, const char* key) {
  const auto it = object.is_object() ? object.find(key) : object.end();
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}

http::Response json_answer(int status, const Json& body) { return json_text_answer(status, write_json(body)); }

http::Response json_text_answer(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.set("Content-Type", "application/json; charset=utf-8");
  response.body = std::move(body);
  return response;
}

http::Response empty_answer(int status) {
  http::Response response;
  response.status = status;
  return response;
}

std::string address_called(const http::Request& request) {
  const bool secure = text::equals_ignore_case(request.headers.get("X-Forwarded-Proto"), "https");
  const std::string host = request.headers.get("Host");
  return (secure ? "https://" : "http://") + (host.empty() ? "localhost" : host);
}

bool has_json_body(const http::Request& request) {
  const std::string type = request.headers.get("Content-Type");
  return text::equals_ignore_case(text::trim(type.substr(0, type.find(';'))), "application/json");
}

std::optional<std::string> Target::value(std::string_view name) const {
  for (const auto& field : query) {
    if (field.first == name) return field.second;
  }
  return std::nullopt;
}

Target target_of(std::string_view url) {
  Target target;
  const std::size_t mark = url.find('?');
  const std::string_view path = url.substr(0, mark);
  for (const std::string& part : parts_of(path)) target.segments.push_back(text::percent_decode(part));
  target.path = text::percent_decode(path);
  if (mark != std::string_view::npos) target.query = http::parse_form(url.substr(mark + 1));
  return target;
}

bool fits_template(std::string_view path, std::string_view path_template) {
  const std::vector<std::string> have = parts_of(path);
  const std::vector<std::string> want = parts_of(path_template);
  if (have.size() != want.size()) return false;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const bool any = want[i].size() > 2 && want[i].front() == '{' && want[i].back() == '}';
    if (!any && want[i] != have[i]) return false;
  }
  return true;
}

std::string guess_template(std::string_view path) {
  std::string result;
  std::string before;
  for (const std::string& part : parts_of(path)) {
    const bool id =
        looks_like_guid(part) || looks_like_crm_id(part) || (part.size() >= 4 && all_of(part, &std::isdigit));
    if (id) {
      result += "/{id}";
    } else if (before == "data" && looks_like_version(part)) {
      result += "/{v}";
    } else {
      result += "/" + part;
    }
    before = part;
  }
  return result.empty() ? "/" : result;
}

void Switches::add(std::string name, std::string description, Json initial, std::vector<Json> allowed) {
  Switch entry;
  entry.setting.name = name;
  entry.setting.description = std::move(description);
  entry.setting.value = std::move(initial);
  entry.allowed = std::move(allowed);
  places_[std::move(name)] = switches_.size();
  switches_.push_back(std::move(entry));
}

void Switches::add_number(std::string name, std::string description, std::int64_t initial, std::int64_t least,
                          std::int64_t most) {
  add(std::move(name), std::move(description), initial);
  switches_.back().bounds = std::make_pair(least, most);
}

std::string Switches::set(const std::string& name, const Json& value) {
  const auto place = places_.find(name);
  if (place == places_.end()) {
    std::vector<std::string> names;
    for (const auto& known : places_) names.push_back(known.first);
    const std::string near = text::nearest(name, names);
    return "There is no setting \"" + name + "\"" + (near.empty() ? "." : "; did you mean \"" + near + "\"?");
  }
  Switch& entry = switches_[place->second];
  if (!same_type(entry.setting.value, value)) {
    return "The setting \"" + name + "\" takes " + type_in_words(entry.setting.value) + ".";
  }
  if (!entry.allowed.empty() && std::find(entry.allowed.begin(), entry.allowed.end(), value) == entry.allowed.end()) {
    return "The setting \"" + name + "\" takes one of " + write_json(Json(entry.allowed)) + ".";
  }
  if (entry.bounds) {
    const auto number = value.get<std::int64_t>();
    if (number < entry.bounds->first || number > entry.bounds->second) {
      return "The setting \"" + name + "\" must be between " + std::to_string(entry.bounds->first) + " and " +
             std::to_string(entry.bounds->second) + ".";
    }
  }
  entry.setting.value = value;
  return "";
}

std::vector<Setting> Switches::list() const {
  std::vector<Setting> settings;
  for (const Switch& entry : switches_) settings.push_back(entry.setting);
  return settings;
}

const Json& Switches::value(std::string_view name) const {
  static const Json nothing;
  const auto place = places_.find(name);
  return place == places_.end() ? nothing : switches_[place->second].setting.value;
}

bool Switches::on(std::string_view name) const {
  const Json& v = value(name);
  return v.is_boolean() && v.get<bool>();
}

std::int64_t Switches::number(std::string_view name) const {
  const Json& v = value(name);
  return v.is_number() ? v.get<std::int64_t>() : 0;
}

std::string Switches::text(std::string_view name) const {
  const Json& v = value(name);
  return v.is_string() ? v.get<std::string>() : "";
}

Json Switches::save() const {
  Json saved = Json::object();
  for (const Switch& entry : switches_) saved[entry.setting.name] = entry.setting.value;
  return saved;
}

void Switches::load(const Json& saved) {
  if (!saved.is_object()) return;
  for (const auto& item : saved.items()) set(item.key(), item.value());
}

std::string PageTokens::issue(Json state, Instant now, Random& random) {
  std::string token = random_text(random, 40);
  Issued entry;
  entry.state = std::move(state);
  entry.at = now;
  issued_[token] = std::move(entry);
  order_.push_back(token);
  if (order_.size() > keep_) {
    issued_.erase(order_.front());
    order_.pop_front();
  }
  return token;
}

std::optional<Json> PageTokens::redeem(const std::string& token, Instant now, Duration life) const {
  const auto found = issued_.find(token);
  if (found == issued_.end()) return std::nullopt;
  if (life.ms > 0 && now - found->second.at > life) return std::nullopt;
  return found->second.state;
}

void PageTokens::clear() {
  issued_.clear();
  order_.clear();
}

std::string random_text(Random& random, std::size_t length) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string result;
  result.reserve(length);
  while (result.size() < length) result += kAlphabet[random.below(kAlphabet.size())];
  return result;
}

std::string random_hex(Random& random, std::size_t length) {
  static constexpr std::string_view kAlphabet = "0123456789abcdef";
  std::string result;
  result.reserve(length);
  while (result.size() < length) result += kAlphabet[random.below(kAlphabet.size())];
  return result;
}

std::string ticks_to_string(std::int64_t ticks) {
  // The seam prints milliseconds; the four digits below them are put before the Z.
  std::string whole = to_string(instant_of_ticks(ticks));
  const std::string below = std::to_string(10'000 + ticks % 10'000).substr(1);
  return whole.substr(0, whole.size() - 1) + below + "Z";
}

std::optional<std::int64_t> parse_ticks(std::string_view text) {
  const std::optional<Instant> instant = parse_instant(text);
  if (!instant) return std::nullopt;
  // The seam has read three digits of the fraction; the next four are ours.
  std::string below;
  const std::size_t dot = text.find('.');
  for (std::size_t at = dot + 4; dot != std::string_view::npos && at < text.size() && below.size() < 4; ++at) {
    if (std::isdigit(static_cast<unsigned char>(text[at])) == 0) break;
    below += text[at];
  }
  below.resize(4, '0');
  return ticks_of(*instant) + std::stoll(below);
}

std::string http_date(Instant t) {
  const Date d = date_of(t);
  const std::int64_t day = days_between(Date{1970, 1, 1}, d);
  const std::int64_t second = (t.ms - start_of(d).ms) / 1000;
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                kWeekdays[static_cast<std::size_t>(((day % 7) + 7) % 7)], d.day,
                kMonths[static_cast<std::size_t>(d.month - 1)], d.year, static_cast<int>(second / 3600),
                static_cast<int>(second / 60 % 60), static_cast<int>(second % 60));
  return buffer.data();
}

std::int64_t Stamps::next(Instant now, Random& random) {
  const auto below = static_cast<std::int64_t>(random.below(10'000));
  last_ = std::max(ticks_of(now) + below, last_ + 1);
  return last_;
}

void Stamps::raise(std::int64_t at_least) { last_ = std::max(last_, at_least); }

}  // namespace cosell::emulator
