//! Dialects: one real program a file, under the parameters' own names, in its
//! own number types and arithmetic, floats, truncation and all.

mod nginx_limit_req;
mod nginx_limit_conn;
mod haproxy_http_req_rate;
mod envoy_local_rate_limit;
mod envoy_rate_limit_service;
mod kong_rate_limiting;
mod cloudflare_rate_limiting;

pub use cloudflare_rate_limiting::CloudflareRateLimiting;
pub use envoy_local_rate_limit::EnvoyLocalRateLimit;
pub use envoy_rate_limit_service::EnvoyRateLimitService;
pub use haproxy_http_req_rate::HaproxyHttpReqRate;
pub use kong_rate_limiting::KongRateLimiting;
pub use nginx_limit_conn::NginxLimitConn;
pub use nginx_limit_req::NginxLimitReq;
