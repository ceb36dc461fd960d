# The sauna and every heater together pass the breaker's rating for minutes: load, before anything is hot
start 19:00
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 桑拿房 on 1号箱 2号开关, 40 A
桑拿房 current every 10s: 30 x 30, 37 x 36, 44 x 30
expect none before 9m55s  case opened
expect at 10m             case opened, load, warning
expect at 12m             case raised, load, alarm
expect by 12m5s           notice sms to Ailin, "桑拿房", "关掉"
