//! Dialects: one real program a file, under the parameters' own names, in its
//! own number types and arithmetic, floats, truncation and all.

mod ngx_time;
mod whole_millis;
mod whole_seconds;
mod nginx_limit_req;
mod nginx_limit_conn;
mod haproxy_http_req_rate;
mod envoy_local_rate_limit;
mod envoy_rate_limit_service;
mod kong_rate_limiting;
mod apisix_limit_count_fixed;
mod apisix_limit_count_sliding;
mod resty_limit_req;
mod cloudflare_rate_limiting;
mod gubernator_token;
mod gubernator_leaky;
mod limits_fixed_window;
mod limits_moving_window;
mod limits_sliding_window_counter;
mod drf_simple_rate_throttle;
mod rack_attack_throttle;

pub use apisix_limit_count_fixed::ApisixLimitCountFixed;
pub use apisix_limit_count_sliding::ApisixLimitCountSliding;
pub use cloudflare_rate_limiting::CloudflareRateLimiting;
pub use drf_simple_rate_throttle::DrfSimpleRateThrottle;
pub use envoy_local_rate_limit::EnvoyLocalRateLimit;
pub use envoy_rate_limit_service::EnvoyRateLimitService;
pub use gubernator_leaky::GubernatorLeaky;
pub use gubernator_token::GubernatorToken;
pub use haproxy_http_req_rate::HaproxyHttpReqRate;
pub use kong_rate_limiting::KongRateLimiting;
pub use limits_fixed_window::LimitsFixedWindow;
pub use limits_moving_window::LimitsMovingWindow;
pub use limits_sliding_window_counter::LimitsSlidingWindowCounter;
pub use nginx_limit_conn::NginxLimitConn;
pub use nginx_limit_req::NginxLimitReq;
pub use rack_attack_throttle::RackAttackThrottle;
pub use resty_limit_req::RestyLimitReq;
