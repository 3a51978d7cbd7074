// Keeps what describe told.
#include "connectors/salesforce/salesforce_schema.h"

#include <algorithm>

#include "base/text.h"
#include "connectors/salesforce/salesforce_errors.h"

namespace cosell::salesforce {
namespace {

const DescribedColumn* find_column(const std::vector<DescribedColumn>& columns, std::string_view name) {
  const auto it = std::find_if(columns.begin(), columns.end(), [name](const DescribedColumn& c) {
    return text::equals_ignore_case(c.info.name, name);
  });
  return it == columns.end() ? nullptr : &*it;
}

const DescribedColumn* find_relationship(const std::vector<DescribedColumn>& columns, std::string_view name) {
  const auto it = std::find_if(columns.begin(), columns.end(), [name](const DescribedColumn& c) {
    return text::equals_ignore_case(c.relationship, name);
  });
  return it == columns.end() ? nullptr : &*it;
}

TextType text_type_of(const DescribedColumn* column) {
  if (column == nullptr) return TextType::text;
  if (column->wire_type == "date") return TextType::date;
  return column->wire_type == "datetime" ? TextType::instant : TextType::text;
}

bool is_about_currency(const Error& error) {
  return error.rule == "INVALID_FIELD" &&
         (text::equals_ignore_case(column_of(error), kCurrencyColumn) ||
          error.detail.find(std::string("'") + kCurrencyColumn + "'") != std::string::npos);
}

}  // namespace

std::string object_of(RecordKind kind) {
  switch (kind) {
    case RecordKind::opportunity:
      return "Opportunity";
    case RecordKind::account:
      return "Account";
    case RecordKind::contact:
      return "Contact";
    case RecordKind::owner:
      return "User";
    case RecordKind::referral:
    case RecordKind::microsoft_half:
    case RecordKind::registration:
      break;
  }
  return "";
}

SalesforceSchema::SalesforceSchema(SalesforceClient& client, MultiCurrency multi_currency)
    : client_(client), multi_currency_(multi_currency) {
  if (multi_currency == MultiCurrency::no) has_currency_ = false;
}

Result<const DescribedObject*> SalesforceSchema::describe(Call& call, const std::string& object) {
  if (const auto it = described_.find(object); it != described_.end()) return &it->second;
  const Ask ask = client_.describe(object);
  auto answer = client_.send(call, ask);
  if (!answer) return std::move(answer.error());
  auto described = read_describe(answer->body, ask.name);
  if (!described) return std::move(described.error());
  learn(object, *std::move(described));
  return &described_[object];
}

Result<const std::vector<DescribedColumn>*> SalesforceSchema::columns_of(Call& call, const std::string& object) {
  const auto described = describe(call, object);
  if (!described) return described.error();
  return &(*described)->columns;
}

void SalesforceSchema::learn(const std::string& object, DescribedObject described) {
  if (object == "Opportunity" && multi_currency_ == MultiCurrency::detect) {
    has_currency_ = find_column(described.columns, kCurrencyColumn) != nullptr;
    from_position_ = false;
  }
  described_[object] = std::move(described);
  types_.clear();  // a column may have another type now
}

Result<const DescribedColumn*> SalesforceSchema::resolve(Call& call, const std::string& object,
                                                         const std::string& path) {
  std::string at = object;
  const auto parts = text::split(path, '.');
  for (std::size_t i = 0;; ++i) {
    auto columns = columns_of(call, at);
    if (!columns) return std::move(columns.error());
    if (i + 1 == parts.size()) return find_column(**columns, parts[i]);
    const DescribedColumn* reference = find_relationship(**columns, parts[i]);
    if (reference == nullptr || reference->refers_to.empty()) return nullptr;
    at = reference->refers_to;
  }
}

Result<TextTypes> SalesforceSchema::text_types(Call& call, const std::string& object,
                                               const std::vector<std::string>& columns) {
  TextTypes out;
  for (const std::string& column : columns) {
    if (standard_text_type(column)) continue;
    auto& known = types_[object];
    if (known.find(column) == known.end()) {
      auto found = resolve(call, object, column);
      if (!found) return std::move(found.error());
      types_[object][column] = text_type_of(*found);
    }
    if (const TextType type = types_[object][column]; type != TextType::text) out[column] = type;
  }
  return out;
}

std::optional<TextType> SalesforceSchema::known_type(const std::string& object, const std::string& column) const {
  if (const auto standard = standard_text_type(column)) return standard;
  if (const auto met = types_.find(object); met != types_.end()) {
    if (const auto it = met->second.find(column); it != met->second.end()) return it->second;
  }
  const auto described = described_.find(object);
  if (described == described_.end()) return std::nullopt;
  return text_type_of(find_column(described->second.columns, column));
}

void SalesforceSchema::remember(const std::string& object, const std::vector<std::string>& columns,
                                const TextTypes& types) {
  for (const std::string& column : columns) {
    if (standard_text_type(column)) continue;
    const auto it = types.find(column);
    types_[object].emplace(column, it == types.end() ? TextType::text : it->second);
  }
}

void SalesforceSchema::remember_currency(bool has) {
  if (multi_currency_ != MultiCurrency::detect || has_currency_ || has) return;
  has_currency_ = false;
  from_position_ = true;
}

Ask SalesforceSchema::currency_query() const {
  Ask ask = client_.query(std::string("SELECT ") + kCurrencyColumn + " FROM Opportunity LIMIT 1", false);
  ask.name = "GET query of the currency column";
  return ask;
}

void SalesforceSchema::learn_currency(const Result<http::Response>& answer) {
  if (!may_ask_for_currency() || (!answer && !is_about_currency(answer.error()))) return;
  has_currency_ = answer.has_value();
  from_position_ = false;
}

bool SalesforceSchema::learn_from_refusal(const Error& error) {
  if (!is_about_currency(error) || !may_ask_for_currency() || !has_currency()) return false;
  has_currency_ = false;
  from_position_ = false;
  return true;
}

}  // namespace cosell::salesforce
