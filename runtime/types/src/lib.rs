//! Names, ARNs, time, values, payloads, failures and quotas: what every floor of Stepwell shares.
