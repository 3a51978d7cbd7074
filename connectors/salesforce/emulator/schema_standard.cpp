// The standard objects, field by field, and the bridge's columns on Opportunity.
// Only what a co-sell integration can meet: Salesforce itself has many more objects and fields.
#include <initializer_list>
#include <utility>

#include "connectors/salesforce/emulator/schema.h"

namespace cosell::emulator::salesforce::standard {

namespace {

Field make(std::string name, std::string label, Type type, int length = 0) {
  Field f;
  f.name = std::move(name);
  f.label = std::move(label);
  f.type = type;
  f.length = length;
  return f;
}

Field text_field(std::string name, std::string label, int length) {
  return make(std::move(name), std::move(label), Type::string, length);
}

Field required(Field f) {
  f.nillable = false;
  return f;
}

Field read_only(Field f) {
  f.createable = false;
  f.updateable = false;
  return f;
}

Field calculated(Field f) {
  f.calculated = true;
  return read_only(std::move(f));
}

Field flag(std::string name, std::string label) {
  Field f = make(std::move(name), std::move(label), Type::boolean);
  f.nillable = false;
  f.defaulted = true;
  return f;
}

Field decimal(std::string name, std::string label, Type type, int precision, int scale) {
  Field f = make(std::move(name), std::move(label), type);
  f.precision = precision;
  f.scale = scale;
  return f;
}

Field picklist(std::string name, std::string label, std::initializer_list<const char*> values,
               bool restricted = false) {
  Field f = make(std::move(name), std::move(label), Type::picklist, 255);
  for (const char* v : values) f.picks.push_back({v, v});
  f.restricted = restricted;
  return f;
}

Field reference(std::string name, std::string label, std::string to, std::string relationship) {
  Field f = make(std::move(name), std::move(label), Type::reference, 18);
  f.reference_to = std::move(to);
  f.relationship = std::move(relationship);
  return f;
}

Field currency_code() {
  Field f = picklist("CurrencyIsoCode", "Currency ISO Code", {});
  f.length = 3;
  f.nillable = false;
  f.defaulted = true;
  f.currency_code = true;
  return f;
}

Field system_field(std::string name, std::string label, Type type, System system) {
  Field f = make(std::move(name), std::move(label), type, type == Type::id || type == Type::reference ? 18 : 0);
  f.system = system;
  f.nillable = false;
  f.defaulted = true;
  return read_only(std::move(f));
}

void add_id(Object& o) {
  Field id = system_field("Id", o.label + " ID", Type::id, System::id);
  id.id_lookup = true;
  o.add(std::move(id));
}

void add_audit(Object& o, bool can_be_deleted = true) {
  o.add(system_field("CreatedDate", "Created Date", Type::datetime, System::created_date));
  Field created_by = system_field("CreatedById", "Created By ID", Type::reference, System::created_by);
  created_by.reference_to = "User";
  created_by.relationship = "CreatedBy";
  o.add(std::move(created_by));
  o.add(system_field("LastModifiedDate", "Last Modified Date", Type::datetime, System::modified_date));
  Field modified_by = system_field("LastModifiedById", "Last Modified By ID", Type::reference, System::modified_by);
  modified_by.reference_to = "User";
  modified_by.relationship = "LastModifiedBy";
  o.add(std::move(modified_by));
  o.add(system_field("SystemModstamp", "System Modstamp", Type::datetime, System::stamp));
  if (can_be_deleted) o.add(system_field("IsDeleted", "Deleted", Type::boolean, System::deleted));
}

Object object(std::string name, std::string label, std::string plural, std::string prefix, bool writable) {
  Object o;
  o.name = std::move(name);
  o.label = std::move(label);
  o.plural = std::move(plural);
  o.prefix = std::move(prefix);
  o.createable = o.updateable = o.deletable = writable;
  add_id(o);
  return o;
}

Field bridge_text(const char* name, int length, const char* label) {
  Field f = custom_text(name, length);
  f.label = label;
  return f;
}

Field bridge_field(const char* name, const char* kind, const char* label, std::vector<PickValue> picks = {}) {
  Field f = *custom_field(name, kind, std::move(picks));
  f.label = label;
  return f;
}

// What the bridge asks an admin to add to the Opportunity.
void add_bridge_columns(Object& o) {
  o.add(bridge_field("Cosell_Sync__c", "checkbox", "Share with Microsoft"));
  o.add(bridge_field("Cosell_Help__c", "picklist", "Help wanted from Microsoft",
                     {{"WorkloadSpecificValueProposition", "Workload-specific value proposition"},
                      {"CustomerTechnicalArchitecture", "Confirmation of technical architecture"},
                      {"ProofOfConceptOrDemo", "Proof of concept or demo"},
                      {"QuotesOrLicensing", "Quotes or licensing"},
                      {"PostSalesCustomerSuccess", "Customer success after the sale"},
                      {"GeneralOrOther", "General or other"}}));
  o.add(bridge_field("Cosell_Help_Notes__c", "longtext", "Notes for Microsoft's helper"));
  o.add(bridge_field("Cosell_Visible__c", "checkbox", "Visible to Microsoft sellers"));
  o.add(bridge_field("Cosell_Notes__c", "longtext", "Notes for Microsoft"));
  o.add(bridge_text("Cosell_Solution__c", 255, "Microsoft solution"));
  Field referral = bridge_text("Cosell_Referral_Id__c", 36, "Microsoft referral ID");
  referral.external_id = true;
  referral.unique = true;
  referral.id_lookup = true;
  o.add(std::move(referral));
  o.add(bridge_field("Cosell_Referral_Link__c", "url", "Microsoft referral"));
  o.add(bridge_text("Cosell_State__c", 40, "Co-sell state"));
  o.add(bridge_field("Cosell_Message__c", "longtext", "Co-sell message"));
  o.add(bridge_field("Cosell_Since__c", "datetime", "Co-sell state since"));
  o.add(bridge_text("Cosell_Microsoft_Answer__c", 255, "Microsoft's answer"));
  o.add(bridge_field("Cosell_Microsoft_Reason__c", "longtext", "Microsoft's reason"));
  o.add(bridge_text("Cosell_Microsoft_Id__c", 255, "Microsoft opportunity ID"));
  o.add(bridge_text("Cosell_Registration__c", 255, "Deal registration"));
  o.add(bridge_text("Cosell_Loss_Reason__c", 255, "Loss reason"));
  o.add(bridge_text("Cosell_Campaign__c", 255, "Microsoft campaign"));
  o.add(bridge_text("Cosell_Marketplace__c", 255, "Marketplace offer"));
}

void add_address(Object& o, const std::string& prefix, const std::string& label) {
  o.add(make(prefix + "Street", label + " Street", Type::textarea, 255));
  o.add(text_field(prefix + "City", label + " City", 40));
  o.add(text_field(prefix + "State", label + " State/Province", 80));
  o.add(text_field(prefix + "PostalCode", label + " Zip/Postal Code", 20));
  o.add(text_field(prefix + "Country", label + " Country", 80));
}

}  // namespace

Object opportunity() {
  Object o = object("Opportunity", "Opportunity", "Opportunities", "006", true);
  o.add(reference("AccountId", "Account ID", "Account", "Account"));
  o.add(reference("RecordTypeId", "Record Type ID", "RecordType", "RecordType"));
  o.add(flag("IsPrivate", "Private"));
  Field name = required(text_field("Name", "Name", 120));
  name.name_field = true;
  o.add(std::move(name));
  o.add(make("Description", "Description", Type::textarea, 32000));
  o.add(required(picklist("StageName", "Stage", {}, true)));
  o.add(decimal("Amount", "Amount", Type::currency, 18, 2));
  o.add(decimal("Probability", "Probability (%)", Type::percent, 3, 0));
  o.add(calculated(decimal("ExpectedRevenue", "Expected Amount", Type::currency, 18, 2)));
  o.add(required(make("CloseDate", "Close Date", Type::date)));
  o.add(picklist("Type", "Opportunity Type",
                 {"Existing Customer - Upgrade", "Existing Customer - Replacement", "Existing Customer - Downgrade",
                  "New Customer"}));
  o.add(text_field("NextStep", "Next Step", 255));
  o.add(picklist("LeadSource", "Lead Source", {"Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"}));
  o.add(read_only(flag("IsClosed", "Closed")));
  o.add(read_only(flag("IsWon", "Won")));
  Field category = picklist("ForecastCategory", "Forecast Category",
                            {"Omitted", "Pipeline", "BestCase", "MostLikely", "Forecast", "Closed"}, true);
  category.length = 40;
  category.nillable = false;
  category.defaulted = true;
  o.add(read_only(std::move(category)));
  o.add(picklist("ForecastCategoryName", "Forecast Category",
                 {"Omitted", "Pipeline", "Best Case", "Most Likely", "Commit", "Closed"}, true));
  o.add(reference("CampaignId", "Campaign ID", "", ""));
  o.add(read_only(flag("HasOpportunityLineItem", "Has Line Item")));
  o.add(reference("Pricebook2Id", "Price Book ID", "", ""));
  Field owner = reference("OwnerId", "Owner ID", "User", "Owner");
  owner.nillable = false;
  owner.defaulted = true;
  o.add(std::move(owner));
  Field contact = reference("ContactId", "Contact ID", "Contact", "Contact");
  contact.updateable = false;
  o.add(std::move(contact));
  o.add(read_only(text_field("Fiscal", "Fiscal Period", 6)));
  o.add(read_only(make("FiscalQuarter", "Fiscal Quarter", Type::integer)));
  o.add(read_only(make("FiscalYear", "Fiscal Year", Type::integer)));
  o.add(read_only(make("LastStageChangeDate", "Last Stage Change Date", Type::datetime)));
  o.add(read_only(make("PushCount", "Push Count", Type::integer)));
  o.add(currency_code());
  add_audit(o);
  add_bridge_columns(o);
  return o;
}

Object account() {
  Object o = object("Account", "Account", "Accounts", "001", true);
  Field name = required(text_field("Name", "Account Name", 255));
  name.name_field = true;
  o.add(std::move(name));
  o.add(picklist("Type", "Account Type", {"Prospect", "Customer - Direct", "Customer - Channel", "Other"}));
  o.add(reference("ParentId", "Parent Account ID", "Account", "Parent"));
  add_address(o, "Billing", "Billing");
  add_address(o, "Shipping", "Shipping");
  o.add(make("Phone", "Account Phone", Type::phone, 40));
  o.add(make("Website", "Website", Type::url, 255));
  o.add(text_field("AccountNumber", "Account Number", 40));
  o.add(picklist("Industry", "Industry",
                 {"Banking", "Education", "Energy", "Government", "Healthcare", "Manufacturing", "Retail", "Technology",
                  "Transportation", "Other"}));
  o.add(decimal("AnnualRevenue", "Annual Revenue", Type::currency, 18, 0));
  o.add(make("NumberOfEmployees", "Employees", Type::integer));
  o.add(make("Description", "Account Description", Type::textarea, 32000));
  o.add(text_field("DunsNumber", "D-U-N-S Number", 9));
  Field owner = reference("OwnerId", "Owner ID", "User", "Owner");
  owner.nillable = false;
  owner.defaulted = true;
  o.add(std::move(owner));
  o.add(currency_code());
  add_audit(o);
  return o;
}

Object contact() {
  Object o = object("Contact", "Contact", "Contacts", "003", true);
  o.add(reference("AccountId", "Account ID", "Account", "Account"));
  o.add(required(text_field("LastName", "Last Name", 80)));
  o.add(text_field("FirstName", "First Name", 40));
  Field name = read_only(text_field("Name", "Full Name", 121));
  name.name_field = true;
  name.nillable = false;
  o.add(std::move(name));
  add_address(o, "Mailing", "Mailing");
  o.add(make("Phone", "Business Phone", Type::phone, 40));
  o.add(make("MobilePhone", "Mobile Phone", Type::phone, 40));
  Field email = make("Email", "Email", Type::email, 80);
  email.id_lookup = true;
  o.add(std::move(email));
  o.add(text_field("Title", "Title", 128));
  o.add(text_field("Department", "Department", 80));
  o.add(make("Description", "Contact Description", Type::textarea, 32000));
  Field owner = reference("OwnerId", "Owner ID", "User", "Owner");
  owner.nillable = false;
  owner.defaulted = true;
  o.add(std::move(owner));
  o.add(currency_code());
  add_audit(o);
  return o;
}

Object user() {
  Object o = object("User", "User", "Users", "005", false);
  Field username = required(text_field("Username", "Username", 80));
  username.id_lookup = true;
  username.unique = true;
  o.add(std::move(username));
  o.add(required(text_field("LastName", "Last Name", 80)));
  o.add(text_field("FirstName", "First Name", 40));
  Field name = read_only(text_field("Name", "Full Name", 121));
  name.name_field = true;
  o.add(std::move(name));
  o.add(make("Email", "Email", Type::email, 128));
  o.add(text_field("Title", "Title", 80));
  o.add(make("Phone", "Phone", Type::phone, 40));
  o.add(text_field("Alias", "Alias", 8));
  o.add(flag("IsActive", "Active"));
  o.add(picklist("UserType", "User Type", {"Standard", "PowerPartner", "CSNOnly"}));
  o.add(text_field("FederationIdentifier", "SAML Federation ID", 512));
  Field currency = currency_code();
  currency.name = "DefaultCurrencyIsoCode";
  currency.label = "Default Currency ISO Code";
  o.add(std::move(currency));
  add_audit(o, false);
  return o;
}

Object opportunity_stage() {
  Object o = object("OpportunityStage", "Opportunity Stage", "Opportunity Stages", "01J", false);
  o.replicateable = false;
  Field label = text_field("MasterLabel", "Master Label", 255);
  label.name_field = true;
  o.add(std::move(label));
  Field api_name = text_field("ApiName", "API Name", 255);
  api_name.id_lookup = true;
  o.add(std::move(api_name));
  o.add(flag("IsActive", "Is Active"));
  o.add(make("SortOrder", "Sort Order", Type::integer));
  o.add(flag("IsClosed", "Closed"));
  o.add(flag("IsWon", "Won"));
  o.add(picklist("ForecastCategory", "Forecast Category",
                 {"Omitted", "Pipeline", "BestCase", "MostLikely", "Forecast", "Closed"}, true));
  o.add(picklist("ForecastCategoryName", "Forecast Category Name",
                 {"Omitted", "Pipeline", "Best Case", "Most Likely", "Commit", "Closed"}, true));
  o.add(decimal("DefaultProbability", "Probability (%)", Type::percent, 3, 0));
  o.add(text_field("Description", "Description", 255));
  add_audit(o, false);
  return o;
}

Object opportunity_history() {
  Object o = object("OpportunityHistory", "Opportunity: Stage", "Opportunity: Stage", "008", false);
  o.add(reference("OpportunityId", "Opportunity ID", "Opportunity", "Opportunity"));
  o.add(picklist("StageName", "Stage Name", {}));
  o.add(decimal("Amount", "Amount", Type::currency, 18, 2));
  o.add(decimal("ExpectedRevenue", "Expected Revenue", Type::currency, 18, 2));
  o.add(make("CloseDate", "Close Date", Type::date));
  o.add(decimal("Probability", "Probability (%)", Type::percent, 3, 0));
  o.add(picklist("ForecastCategory", "To ForecastCategory", {}));
  o.add(decimal("PrevAmount", "Previous Amount", Type::currency, 18, 2));
  o.add(make("PrevCloseDate", "Previous Close Date", Type::date));
  add_audit(o);
  return o;
}

Object record_type() {
  Object o = object("RecordType", "Record Type", "Record Types", "012", false);
  Field name = text_field("Name", "Name", 80);
  name.name_field = true;
  o.add(std::move(name));
  o.add(text_field("DeveloperName", "Record Type Name", 80));
  o.add(text_field("Description", "Description", 255));
  o.add(picklist("SobjectType", "SObject Type Name", {"Opportunity", "Account", "Contact"}));
  o.add(flag("IsActive", "Active"));
  add_audit(o, false);
  return o;
}

Object organization() {
  Object o = object("Organization", "Organization", "Organization", "00D", false);
  o.replicateable = false;
  Field name = text_field("Name", "Name", 80);
  name.name_field = true;
  o.add(std::move(name));
  o.add(text_field("InstanceName", "Instance Name", 5));
  o.add(flag("IsSandbox", "Is Sandbox"));
  o.add(picklist("OrganizationType", "Edition", {"Enterprise Edition", "Developer Edition", "Unlimited Edition"}));
  o.add(picklist("TimeZoneSidKey", "Time Zone", {"GMT"}));
  o.add(picklist("DefaultLocaleSidKey", "Locale", {"en_US"}));
  add_audit(o, false);
  return o;
}

Object permission_set() {
  Object o = object("PermissionSet", "Permission Set", "Permission Sets", "0PS", true);
  Field name = required(text_field("Name", "Permission Set Name", 80));
  name.name_field = true;
  name.unique = true;
  o.add(std::move(name));
  o.add(required(text_field("Label", "Permission Set Label", 80)));
  o.add(text_field("Description", "Description", 255));
  add_audit(o, false);
  return o;
}

Object field_permissions() {
  Object o = object("FieldPermissions", "Field Permissions", "Field Permissions", "01k", true);
  o.add(required(reference("ParentId", "Parent ID", "PermissionSet", "Parent")));
  o.add(required(text_field("SobjectType", "SObject Type Name", 80)));
  o.add(required(text_field("Field", "Field Name", 255)));
  o.add(flag("PermissionsRead", "Read"));
  o.add(flag("PermissionsEdit", "Edit"));
  add_audit(o, false);
  return o;
}

Object permission_set_assignment() {
  Object o = object("PermissionSetAssignment", "Permission Set Assignment", "Permission Set Assignments", "0Pa", true);
  o.add(required(reference("PermissionSetId", "Permission Set ID", "PermissionSet", "PermissionSet")));
  o.add(required(reference("AssigneeId", "Assignee ID", "User", "Assignee")));
  add_audit(o, false);
  return o;
}

Object currency_type() {
  Object o = object("CurrencyType", "Currency Type", "Currency Types", "01L", false);
  Field code = text_field("IsoCode", "Currency ISO Code", 3);
  code.name_field = true;
  o.add(std::move(code));
  o.add(decimal("ConversionRate", "Conversion Rate", Type::number, 18, 6));
  o.add(make("DecimalPlaces", "Decimal Places", Type::integer));
  o.add(flag("IsActive", "Active"));
  o.add(flag("IsCorporate", "Corporate Currency"));
  add_audit(o, false);
  return o;
}

}  // namespace cosell::emulator::salesforce::standard
